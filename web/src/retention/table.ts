/** Retention as rows: what the cells show, and the table as it is taken along. */

import type { RetentionAverage, RetentionPeriod, RetentionReport } from '../api/retention';
import type { Table } from '../lib/download';
import { rangeLabel, segmentName } from '../reports/words';
import { type Outcome, type RetentionState, periodName } from './state';

/** How many of a cell's people came back, or did not. */
export const peopleOf = (count: number, size: number, outcome: Outcome) =>
  outcome === 'returned' ? count : size - count;

export const shareOf = (count: number, size: number, outcome: Outcome) =>
  size === 0 ? 0 : peopleOf(count, size, outcome) / size;

export const sizeOf = (segment: { cohorts: { size: number }[] }) =>
  segment.cohorts.reduce((sum, cohort) => sum + cohort.size, 0);

/** What a full colour stands for: the greatest share of any period but the first, which nearly everyone is in. */
export function greatest(report: RetentionReport, outcome: Outcome): number {
  const shares = report.segments.flatMap((segment) =>
    segment.cohorts.flatMap((cohort) =>
      cohort.periods
        .slice(1)
        .map((period) => (period ? shareOf(period.count, cohort.size, outcome) : 0)),
    ),
  );
  return Math.max(0.01, ...shares);
}

type Counted = RetentionPeriod | RetentionAverage | null;

/** A row for each cohort of each segment, and its average; counts, then shares. */
export function retentionTable(state: RetentionState, report: RetentionReport): Table {
  const split = report.segments.some((one) => one.segment !== null);
  const numbers = Array.from({ length: state.periods + 1 }, (_, n) => n);
  const cells = (periods: Counted[]) => [
    ...numbers.map((n) => periods[n]?.count ?? null),
    ...numbers.map((n) => periods[n]?.rate ?? null),
  ];
  return {
    name: `Retention, ${rangeLabel(state.range)}`,
    columns: [
      ...(split ? ['Segment'] : []),
      'Cohort',
      'People',
      ...numbers.map((n) => periodName(state.unit, n)),
      ...numbers.map((n) => `${periodName(state.unit, n)}, share`),
    ],
    rows: report.segments.flatMap((segment) => [
      ...segment.cohorts.map((cohort) => [
        ...(split ? [segmentName(segment.segment)] : []),
        cohort.t,
        cohort.size,
        ...cells(cohort.periods),
      ]),
      [
        ...(split ? [segmentName(segment.segment)] : []),
        'Average of what is complete',
        sizeOf(segment),
        ...cells(segment.average),
      ],
    ]),
  };
}
