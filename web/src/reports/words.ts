import { count, propertyName, spell } from '../lib/format';
import type { Condition, Filter, Operator, Range, Unit } from './parts';
import type {
  FunnelPoint,
  FunnelState,
  InsightsPoint,
  InsightsState,
  Measure,
  Metric,
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

/** What a line of a chart is called: by what tells it apart from the others. */
export function seriesName(metrics: Metric[], metric: number, segment: string | null): string {
  const of = metrics[metric];
  const named = of ? eventLabel(of.event) : `Metric ${metric + 1}`;
  const alike = metrics.filter((one) => one.event === of?.event).length > 1;
  const full = alike && of ? `${named}, ${measureName(of.measure).toLowerCase()}` : named;
  if (segment === null) return full;
  return metrics.length > 1 ? `${full} · ${segmentName(segment)}` : segmentName(segment);
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

/** `12.4 k`, `3.25`, `–` for what there is no number of. */
export function valueText(value: number | null): string {
  if (value === null) return '–';
  return Number.isInteger(value) || Math.abs(value) >= 1000
    ? count(value)
    : value.toLocaleString('en', { maximumFractionDigits: 2 });
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

/** `Checkout · Chrome · 18 Nov`. */
export function insightsPointText(state: InsightsState, point: InsightsPoint): string {
  const metric = state.metrics[point.metric];
  return [
    metric ? eventLabel(metric.event) : `Metric ${point.metric + 1}`,
    ...(point.segment === undefined ? [] : [segmentName(point.segment)]),
    point.t ? bucketLabel(point.t, state.unit) : rangeLabel(state.range),
  ].join(' · ');
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
    rangeLabel(state.range),
  ].join(' · ');
}

/** Why events behind a point have no replay to watch. */
export function whyNoReplay(found: { unrecorded: number; gone: number }): string[] {
  const of = (value: number, one: string, many: string) =>
    `${count(value)} ${value === 1 ? one : many}`;
  return [
    ...(found.unrecorded > 0
      ? [
          `${of(found.unrecorded, 'event belongs', 'events belong')} to no replay: recording was not on, left the visit out, or the event came from a server.`,
        ]
      : []),
    ...(found.gone > 0
      ? [`The replay of ${of(found.gone, 'event', 'events')} has expired or was deleted.`]
      : []),
  ];
}
