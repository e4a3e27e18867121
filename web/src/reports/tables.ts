/** The reports' tables as they are taken along: every row, exact numbers, times as the API writes them. */

import type { FunnelReport, InsightsReport } from '../api/reports';
import type { Table } from '../lib/download';
import type { FunnelState, InsightsState } from './state';
import { eventLabel, rangeLabel, segmentName } from './words';

/** A row for each bucket, oldest first, and a column for each line; the last row has the totals. */
export function insightsTable(
  state: InsightsState,
  { series }: InsightsReport,
  names: string[],
): Table {
  const buckets = series[0]?.points ?? [];
  return {
    name: `Insights, ${rangeLabel(state.range)}`,
    columns: ['Time', ...names],
    rows: [
      ...buckets.map(({ t }, i) => [t, ...series.map((one) => one.points[i]?.value ?? null)]),
      [rangeLabel(state.range), ...series.map((one) => one.total)],
    ],
  };
}

/** A row for each step of each segment. */
export function funnelTable(state: FunnelState, { segments }: FunnelReport): Table {
  const split = segments.some((one) => one.segment !== null);
  const who = state.count === 'total' ? 'Attempts' : 'People';
  return {
    name: `Funnel, ${rangeLabel(state.range)}`,
    columns: [
      ...(split ? ['Segment'] : []),
      'Step',
      'Event',
      who,
      'Share of the first',
      'Share of the one before',
      'Dropped before it',
      'Median time (ms)',
    ],
    rows: segments.flatMap(({ segment, steps }) =>
      steps.map((step, i) => [
        ...(split ? [segmentName(segment)] : []),
        i + 1,
        state.order === 'any' ? `Any ${i + 1} of ${steps.length}` : eventLabel(step.event),
        step.count,
        step.rate,
        i === 0 ? null : step.step_rate,
        i === 0 ? null : (steps[i - 1]?.count ?? 0) - step.count,
        step.median_ms,
      ]),
    ),
  };
}
