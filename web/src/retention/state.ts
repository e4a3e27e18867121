/** What Retention asks: read from the address and written to it, the body the API gets, and what its points are called. */

import {
  type Condition,
  type Property,
  type Range,
  type RangeSearch,
  type Raw,
  type Step,
  type WatchingSearch,
  asked,
  askedConditions,
  bare,
  by,
  daysOf,
  isRecord,
  name,
  oneOf,
  parsed,
  readBreakdown,
  readConditions,
  readRange,
  readStep,
  some,
  watching,
} from '../reports/parts';
import { bucketLabel, eventLabel, rangeLabel, segmentName } from '../reports/words';

export const UNITS = ['day', 'week', 'month'] as const;
export const CRITERIA = ['on', 'on_or_after'] as const;
const OUTCOMES = ['returned', 'lost'] as const;

export type RetentionUnit = (typeof UNITS)[number];
export type Criterion = (typeof CRITERIA)[number];
export type Outcome = (typeof OUTCOMES)[number];

export const MOST_PERIODS = 60;
const DEFAULT_LAST = 90;
const DEFAULT_PERIODS = 8;

export interface RetentionState {
  first: Step | null;
  /** Without an event, any brings them back. */
  back: { event: string | null; filters: Condition[] };
  unit: RetentionUnit;
  periods: number;
  criterion: Criterion;
  filters: Condition[];
  breakdown: Property | null;
  range: Range;
  /** Which part of a cohort the cells show. */
  outcome: Outcome;
  /** Cells hold people instead of shares. */
  people: boolean;
}

export interface RetentionSearch extends WatchingSearch, RangeSearch {
  first?: string;
  return?: string;
  unit?: RetentionUnit;
  periods?: number;
  criterion?: 'on_or_after';
  filters?: string;
  breakdown?: string;
  outcome?: 'lost';
  cells?: 'people';
}

export interface RetentionPoint {
  /** When the people of the cohort were first seen doing it; all cohorts without. */
  cohort?: string;
  /** The whole cohort without. */
  period?: number;
  /** All of the cohort without. */
  outcome?: Outcome;
  segment?: string;
}

function readReturn(raw: unknown): RetentionState['back'] {
  if (!isRecord(raw)) return { event: null, filters: [] };
  return { event: name(raw['event']) ?? null, filters: readConditions(raw['filters']) };
}

export function readRetention(raw: Raw): RetentionState {
  const periods = Number(raw['periods']);
  const ranged = 'last' in raw || 'from' in raw;
  return {
    first: readStep(parsed(raw['first'])),
    back: readReturn(parsed(raw['return'])),
    unit: oneOf(raw['unit'], UNITS) ?? 'week',
    periods:
      Number.isInteger(periods) && periods >= 1 && periods <= MOST_PERIODS
        ? periods
        : DEFAULT_PERIODS,
    criterion: oneOf(raw['criterion'], CRITERIA) ?? 'on',
    filters: readConditions(parsed(raw['filters'])),
    breakdown: readBreakdown(raw['breakdown']),
    range: ranged ? readRange(raw) : { last: DEFAULT_LAST },
    outcome: oneOf(raw['outcome'], OUTCOMES) ?? 'returned',
    people: raw['cells'] === 'people',
  };
}

export function writeRetention(state: RetentionState): RetentionSearch {
  const { back, range } = state;
  const returning = {
    ...(back.event === null ? {} : { event: back.event }),
    ...(back.filters.length > 0 ? { filters: back.filters } : {}),
  };
  return {
    ...(state.first ? { first: JSON.stringify(bare(state.first)) } : {}),
    ...(Object.keys(returning).length > 0 ? { return: JSON.stringify(returning) } : {}),
    ...(state.unit === 'week' ? {} : { unit: state.unit }),
    ...(state.periods === DEFAULT_PERIODS ? {} : { periods: state.periods }),
    ...(state.criterion === 'on' ? {} : { criterion: state.criterion }),
    ...some('filters', state.filters),
    ...by(state.breakdown),
    ...('from' in range ? range : range.last === DEFAULT_LAST ? {} : { last: range.last }),
    ...(state.outcome === 'lost' ? { outcome: 'lost' as const } : {}),
    ...(state.people ? { cells: 'people' as const } : {}),
  };
}

export function readRetentionPoint(raw: unknown): RetentionPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const outcome = oneOf(point['outcome'], OUTCOMES);
  const { segment, period } = point;
  const cohort = name(point['cohort']);
  const known = Number.isInteger(period) && Number(period) >= 0;
  return {
    ...(cohort ? { cohort } : {}),
    ...(known ? { period: Number(period) } : {}),
    ...(outcome ? { outcome } : {}),
    ...(typeof segment === 'string' ? { segment } : {}),
  };
}

export const retentionSearch = (raw: Raw): RetentionSearch => ({
  ...writeRetention(readRetention(raw)),
  ...watching(raw, readRetentionPoint(raw['point'])),
});

export function retentionBody(state: RetentionState, now: number, timezone: string) {
  return {
    ...daysOf(state.range, now, timezone),
    unit: state.unit,
    periods: state.periods,
    first: state.first ? asked(state.first) : null,
    return: asked(state.back),
    criterion: state.criterion,
    filters: askedConditions(state.filters),
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}

export const same = (one: RetentionPoint | null, other: RetentionPoint) =>
  one !== null &&
  one.cohort === other.cohort &&
  one.period === other.period &&
  one.outcome === other.outcome &&
  one.segment === other.segment;

const UNIT_WORDS: Record<RetentionUnit, string> = { day: 'Day', week: 'Week', month: 'Month' };

/** `in week 3`, `on day 3`. */
export const inPeriod = (unit: RetentionUnit, period: number) =>
  `${unit === 'day' ? 'on' : 'in'} ${periodName(unit, period).toLowerCase()}`;

/** `Week 3`. */
export const periodName = (unit: RetentionUnit, period: number) => `${UNIT_WORDS[unit]} ${period}`;

export const unitWord = (unit: RetentionUnit, many: boolean) =>
  `${UNIT_WORDS[unit].toLowerCase()}${many ? 's' : ''}`;

export const cohortName = (t: string, unit: RetentionUnit) => bucketLabel(t, unit);

/** `Came back in week 3 · Week of 9 Nov`. */
export function retentionPointText(state: RetentionState, point: RetentionPoint): string {
  const first = state.first ? eventLabel(state.first.event) : 'the first event';
  const { period } = point;
  const when =
    period === undefined
      ? ''
      : ` ${inPeriod(state.unit, period)}${state.criterion === 'on_or_after' ? ' or later' : ''}`;
  const back = state.back.event === null ? '' : ` to do ${eventLabel(state.back.event)}`;
  const what =
    point.outcome === undefined
      ? `First did ${first}`
      : point.outcome === 'returned'
        ? `Came back${back}${when}`
        : `Did not come back${back}${when}`;
  return [
    what,
    ...(point.segment === undefined ? [] : [segmentName(point.segment)]),
    point.cohort ? cohortName(point.cohort, state.unit) : rangeLabel(state.range),
  ].join(' · ');
}
