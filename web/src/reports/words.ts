import type { Reasons } from '../api/reports';
import { count, propertyName, spell } from '../lib/format';
import type { Condition, Filter, Operator, Range, Unit } from './parts';
import type {
  ChartKind,
  FunnelPoint,
  FunnelState,
  InsightsPoint,
  InsightsState,
  Measure,
} from './state';

export const COUNT_NAMES = {
  total: 'Total',
  unique: 'Unique people',
  dau: 'Daily active people',
  wau: 'Weekly active people',
  mau: 'Monthly active people',
  per_user_avg: 'Average per person',
} as const;

export const FUNCTION_NAMES = {
  sum: 'Sum',
  avg: 'Average',
  median: 'Median',
  p90: '90th percentile',
  p99: '99th percentile',
  min: 'Least',
  max: 'Greatest',
  distinct: 'Different values',
} as const;

export const OPERATOR_NAMES: Record<Operator, string> = {
  eq: 'is',
  neq: 'is not',
  contains: 'contains',
  not_contains: 'does not contain',
  set: 'is set',
  not_set: 'is not set',
  gt: 'is more than',
  gte: 'is at least',
  lt: 'is less than',
  lte: 'is at most',
  between: 'is between',
  is_true: 'is true',
  is_false: 'is false',
  before: 'is before',
  after: 'is after',
};

export const UNIT_NAMES: Record<Unit, string> = {
  hour: 'Hourly',
  day: 'Daily',
  week: 'Weekly',
  month: 'Monthly',
};

export const CHART_NAMES: Record<ChartKind, string> = {
  line: 'Lines',
  area: 'Stacked lines',
  column: 'Columns',
  stacked: 'Stacked columns',
  bar: 'Bars',
  pie: 'Pie',
  number: 'Numbers',
  table: 'Table only',
};

export const OTHER = '$other';

export function measureName(measure: Measure): string {
  if (typeof measure === 'string') return COUNT_NAMES[measure];
  return `${FUNCTION_NAMES[measure.aggregate]} of ${propertyName(measure.property)}`;
}

/** SDK events begin with `$` or `$mp_`; people know them without. */
export function eventLabel(event: string): string {
  return event.startsWith('$') ? propertyName(event.replace(/^\$mp_/, '$')) : event;
}

export function segmentName(segment: string | null | undefined): string {
  if (segment === null || segment === undefined) return 'Overall';
  return segment === OTHER ? 'Other' : segment === '' ? '(empty)' : segment;
}

/** What a metric or formula is called: by what tells it apart from the others. */
function subjectName(
  { metrics, formulas }: Pick<InsightsState, 'metrics' | 'formulas'>,
  of: { metric?: number | null; formula?: number | null },
): string {
  if (typeof of.formula === 'number') {
    const found = formulas[of.formula];
    return found?.name ?? found?.formula ?? `Formula ${of.formula + 1}`;
  }
  const metric = of.metric ?? 0;
  const found = metrics[metric];
  if (!found) return `Metric ${metric + 1}`;
  const named = eventLabel(found.event);
  const alike = metrics.filter((one) => one.event === found.event).length > 1;
  return alike ? `${named}, ${measureName(found.measure).toLowerCase()}` : named;
}

/** What a line of a chart is called. */
export function seriesName(
  state: Pick<InsightsState, 'metrics' | 'formulas'>,
  of: { metric: number | null; formula: number | null; segment: string | null },
): string {
  const full = subjectName(state, of);
  if (of.segment === null) return full;
  const drawn = state.metrics.filter((one) => !one.hidden).length + state.formulas.length;
  return drawn > 1 ? `${full} · ${segmentName(of.segment)}` : segmentName(of.segment);
}

export function filterText(filter: Filter): string {
  const subject = `${propertyName(filter.property)} ${OPERATOR_NAMES[filter.op]}`;
  const { value } = filter;
  if (value === undefined) return subject;
  if (filter.op === 'between' && Array.isArray(value)) return `${subject} ${value.join(' and ')}`;
  if (Array.isArray(value)) {
    const shown = value.slice(0, 2).map(String).join(' or ');
    return `${subject} ${shown}${value.length > 2 ? ` or ${value.length - 2} more` : ''}`;
  }
  return `${subject} ${String(value)}`;
}

export const conditionText = (condition: Condition): string =>
  'any' in condition ? condition.any.map(filterText).join(' or ') : filterText(condition);

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `18 Nov`, from a day or a moment that is written in the project's time zone. */
export function dayLabel(text: string): string {
  return `${Number(text.slice(8, 10))} ${MONTHS[Number(text.slice(5, 7)) - 1] ?? ''}`;
}

/** What a bucket is called. The project's time zone is in the text already. */
export function bucketLabel(t: string, unit: Unit): string {
  if (unit === 'hour') return `${dayLabel(t)}, ${t.slice(11, 16)}`;
  if (unit === 'month') return `${MONTHS[Number(t.slice(5, 7)) - 1] ?? ''} ${t.slice(0, 4)}`;
  return unit === 'week' ? `Week of ${dayLabel(t)}` : dayLabel(t);
}

export function rangeLabel(range: Range): string {
  if ('last' in range) return `Last ${range.last} days`;
  const year = (day: string) =>
    range.from.slice(0, 4) === range.to.slice(0, 4) ? '' : ` ${day.slice(0, 4)}`;
  if (range.from === range.to) return dayLabel(range.from);
  return `${dayLabel(range.from)}${year(range.from)} – ${dayLabel(range.to)}${year(range.to)}`;
}

/** The same inside a sentence: `last 30 days`. */
export const rangeInside = (range: Range): string =>
  'last' in range ? `last ${range.last} days` : rangeLabel(range);

/** `12.4 k`, `3.25`, `–` for what there is no number of. */
export function valueText(value: number | null): string {
  if (value === null) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return count(value);
  return value.toLocaleString(
    'en',
    Math.abs(value) < 1 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2 },
  );
}

export function percent(rate: number): string {
  const value = rate * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}%`;
}

export function timeText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  return ms < 86_400_000 ? spell(ms) : `${(ms / 86_400_000).toFixed(1).replace(/\.0$/, '')} d`;
}

/** `under 1 s`, `1 – 10 min`, `over 30 d`: between which times. */
export function binText(from_ms: number, to_ms: number | null): string {
  if (to_ms === null) return `over ${timeText(from_ms)}`;
  if (from_ms === 0) return `under ${timeText(to_ms)}`;
  const [from, to] = [timeText(from_ms), timeText(to_ms)];
  const unit = to.replace(/^[\d.]+ /, '');
  return `${from.endsWith(` ${unit}`) ? from.slice(0, -unit.length - 1) : from} – ${to}`;
}

/** `Checkout · Chrome · 18 Nov`. */
export function insightsPointText(state: InsightsState, point: InsightsPoint): string {
  return [
    subjectName(state, point),
    ...(point.segment === undefined ? [] : [segmentName(point.segment)]),
    point.t
      ? bucketLabel(point.t, state.unit)
      : point.previous
        ? `Before ${rangeInside(state.range)}`
        : rangeLabel(state.range),
  ].join(' · ');
}

/** `+12%`, `−4%`, `–` for what can't be compared. */
export function changeText(value: number | null, before: number | null | undefined): string {
  if (value === null || before === null || before === undefined || before === 0) return '–';
  const change = (value - before) / Math.abs(before);
  if (Math.abs(change) < 0.0005) return '±0%';
  return `${change > 0 ? '+' : '−'}${percent(Math.abs(change))}`;
}

/** `Dropped after Add to Cart · 1 – 18 Nov`. */
export function funnelPointText(state: FunnelState, point: FunnelPoint): string {
  const event = (step: number) => {
    const found = state.steps[step - 1];
    return found ? eventLabel(found.event) : `step ${step}`;
  };
  const what =
    point.outcome === 'converted'
      ? point.step === 1
        ? `Did ${event(1)}`
        : `Converted to ${event(point.step)}`
      : state.order === 'any'
        ? `Dropped after ${point.step - 1} of ${state.steps.length} steps`
        : `Dropped after ${event(point.step - 1)}`;
  return [
    what,
    ...(point.segment === undefined ? [] : [segmentName(point.segment)]),
    point.t ? bucketLabel(point.t, state.trend ?? 'day') : rangeLabel(state.range),
  ].join(' · ');
}

/** Why events behind a point have no replay to watch. */
export function whyNoReplay(found: Reasons): string[] {
  const { unrecorded, before_recording, too_old, gone } = found;
  const said = (value: number, one: string, many: string) =>
    value > 0 ? [`${count(value)} ${value === 1 ? one : many}`] : [];
  return [
    ...said(
      unrecorded,
      'event belongs to no replay: its visit was not recorded, or a server sent it while no visit was going on.',
      'events belong to no replay: their visits were not recorded, or a server sent them while no visit was going on.',
    ),
    ...said(
      before_recording,
      'event happened before recording was on.',
      'events happened before recording was on.',
    ),
    ...said(
      too_old,
      'event happened longer ago than replays are kept.',
      'events happened longer ago than replays are kept.',
    ),
    ...said(
      gone,
      'event has a replay that expired or was deleted.',
      'events have replays that expired or were deleted.',
    ),
  ];
}
