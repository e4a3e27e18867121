/** What a report asks: read from the address, whatever someone typed there, and written to it; and the body the API gets. */

import { TABS } from '../lib/search';

export type Unit = (typeof UNITS)[number];
export type Count = (typeof COUNTS)[number];
export type Function = (typeof FUNCTIONS)[number];
export type Operator = (typeof OPERATORS)[number];
export type WindowUnit = (typeof WINDOW_UNITS)[number];

export const UNITS = ['hour', 'day', 'week', 'month'] as const;
export const COUNTS = ['total', 'unique', 'dau', 'wau', 'mau', 'per_user_avg'] as const;
export const FUNCTIONS = ['sum', 'avg', 'median', 'p90', 'p99', 'min', 'max', 'distinct'] as const;
export const OPERATORS = [
  'eq',
  'neq',
  'contains',
  'not_contains',
  'set',
  'not_set',
  'gt',
  'gte',
  'lt',
  'lte',
  'between',
  'is_true',
  'is_false',
  'before',
  'after',
] as const;
export const WINDOW_UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const;
export const LAST_DAYS = [7, 30, 90] as const;

export type Measure = Count | { aggregate: Function; property: string };

export interface Property {
  property: string;
  of?: 'profile';
}

export interface Filter extends Property {
  op: Operator;
  value?: FilterValue;
}

export type Scalar = string | number | boolean;
export type FilterValue = Scalar | Scalar[];

export interface Metric {
  event: string;
  measure: Measure;
  filters: Filter[];
}

export interface Step {
  event: string;
  filters: Filter[];
}

export type Range = { last: number } | { from: string; to: string };

export interface InsightsState {
  metrics: Metric[];
  filters: Filter[];
  breakdown: Property | null;
  unit: Unit;
  range: Range;
  chart: 'line' | 'bar';
}

export interface FunnelState {
  steps: Step[];
  filters: Filter[];
  breakdown: Property | null;
  window: { value: number; unit: WindowUnit };
  order: 'specific' | 'any';
  count: 'unique' | 'total';
  range: Range;
}

export interface InsightsPoint {
  metric: number;
  segment?: string;
  t?: string;
}

export interface FunnelPoint {
  step: number;
  outcome: 'converted' | 'dropped';
  segment?: string;
}

/** The part of an address that says which replays are watched over the report. */
export interface WatchingSearch {
  /** The point whose replays are shown, as JSON. */
  point?: string;
  replay?: string;
  /** Where in the replay, epoch milliseconds. */
  t?: number;
  tab?: (typeof TABS)[number];
  theatre?: boolean;
}

export interface InsightsSearch extends WatchingSearch {
  metrics?: string;
  filters?: string;
  breakdown?: string;
  unit?: Unit;
  last?: number;
  from?: string;
  to?: string;
  chart?: 'bar';
}

export interface FunnelSearch extends WatchingSearch {
  steps?: string;
  filters?: string;
  breakdown?: string;
  window?: string;
  any_order?: true;
  count?: 'total';
  last?: number;
  from?: string;
  to?: string;
}

type Raw = Record<string, unknown>;

const PROFILE = 'profile:';
const DEFAULT_LAST = 30;
const DEFAULT_WINDOW = { value: 7, unit: 'day' } as const;

const isRecord = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined =>
  of.find((one) => one === value);
const name = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const list = <T>(value: unknown, read: (one: unknown) => T | null): T[] =>
  Array.isArray(value) ? value.map(read).filter((one) => one !== null) : [];

function readFilter(raw: unknown): Filter | null {
  if (!isRecord(raw)) return null;
  const property = name(raw['property']);
  const op = oneOf(raw['op'], OPERATORS);
  const { value } = raw;
  if (!property || !op) return null;
  const given = isScalar(value) || (Array.isArray(value) && value.every(isScalar));
  return {
    property,
    op,
    ...(given ? { value } : {}),
    ...(raw['of'] === 'profile' ? { of: 'profile' as const } : {}),
  };
}

function readMeasure(raw: unknown): Measure {
  if (isRecord(raw)) {
    const aggregate = oneOf(raw['aggregate'], FUNCTIONS);
    const property = name(raw['property']);
    if (aggregate && property) return { aggregate, property };
  }
  return oneOf(raw, COUNTS) ?? 'total';
}

function readStep(raw: unknown): Step | null {
  const event = isRecord(raw) ? name(raw['event']) : undefined;
  return event ? { event, filters: list((raw as Raw)['filters'], readFilter) } : null;
}

function readMetric(raw: unknown): Metric | null {
  const step = readStep(raw);
  return step && { ...step, measure: readMeasure((raw as Raw)['measure']) };
}

const isDay = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`));

function readRange(raw: Raw): Range {
  const { from, to } = raw;
  if (isDay(from) && isDay(to)) return { from, to };
  const last = Number(raw['last']);
  return { last: Number.isInteger(last) && last >= 1 && last <= 3_660 ? last : DEFAULT_LAST };
}

function readBreakdown(raw: unknown): Property | null {
  const text = name(raw);
  if (!text) return null;
  return text.startsWith(PROFILE)
    ? { property: text.slice(PROFILE.length), of: 'profile' }
    : { property: text };
}

function readWindow(raw: unknown): FunnelState['window'] {
  const found = typeof raw === 'string' ? /^(\d{1,6}) ?([a-z]+?)s?$/.exec(raw) : null;
  const unit = oneOf(found?.[2], WINDOW_UNITS);
  return found && unit && Number(found[1]) > 0 ? { value: Number(found[1]), unit } : DEFAULT_WINDOW;
}

export function readInsights(raw: Raw): InsightsState {
  return {
    metrics: list(parsed(raw['metrics']), readMetric).slice(0, 10),
    filters: list(parsed(raw['filters']), readFilter),
    breakdown: readBreakdown(raw['breakdown']),
    unit: oneOf(raw['unit'], UNITS) ?? 'day',
    range: readRange(raw),
    chart: raw['chart'] === 'bar' ? 'bar' : 'line',
  };
}

export function readFunnel(raw: Raw): FunnelState {
  const anyOrder = raw['any_order'] === true || raw['any_order'] === 'true';
  const order = anyOrder ? 'any' : 'specific';
  return {
    steps: list(parsed(raw['steps']), readStep).slice(0, 20),
    filters: list(parsed(raw['filters']), readFilter),
    breakdown: readBreakdown(raw['breakdown']),
    window: readWindow(raw['window']),
    order,
    count: raw['count'] === 'total' && order === 'specific' ? 'total' : 'unique',
    range: readRange(raw),
  };
}

const bare = (step: Step) =>
  step.filters.length > 0 ? { event: step.event, filters: step.filters } : { event: step.event };
const measured = (metric: Metric) =>
  metric.measure === 'total' ? bare(metric) : { ...bare(metric), measure: metric.measure };
const some = (name: string, values: unknown[]) =>
  values.length > 0 ? { [name]: JSON.stringify(values) } : {};
const ranged = (range: Range) =>
  'from' in range ? range : range.last === DEFAULT_LAST ? {} : { last: range.last };
const by = (breakdown: Property | null) =>
  breakdown ? { breakdown: `${breakdown.of ? PROFILE : ''}${breakdown.property}` } : {};

export function writeInsights(state: InsightsState): InsightsSearch {
  return {
    ...some('metrics', state.metrics.map(measured)),
    ...some('filters', state.filters),
    ...by(state.breakdown),
    ...(state.unit === 'day' ? {} : { unit: state.unit }),
    ...ranged(state.range),
    ...(state.chart === 'bar' ? { chart: 'bar' as const } : {}),
  };
}

export function writeFunnel(state: FunnelState): FunnelSearch {
  const { value, unit } = state.window;
  const usual = value === DEFAULT_WINDOW.value && unit === DEFAULT_WINDOW.unit;
  return {
    ...some('steps', state.steps.map(bare)),
    ...some('filters', state.filters),
    ...by(state.breakdown),
    ...(usual ? {} : { window: `${value} ${unit}` }),
    ...(state.order === 'any' ? { any_order: true as const } : {}),
    ...(state.count === 'total' ? { count: 'total' as const } : {}),
    ...ranged(state.range),
  };
}

export function readInsightsPoint(raw: unknown): InsightsPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const metric = Number(point['metric'] ?? 0);
  if (!Number.isInteger(metric) || metric < 0) return null;
  const [segment, t] = [point['segment'], name(point['t'])];
  return {
    metric,
    ...(typeof segment === 'string' ? { segment } : {}),
    ...(t ? { t } : {}),
  };
}

export function readFunnelPoint(raw: unknown): FunnelPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const step = Number(point['step']);
  const outcome = oneOf(point['outcome'], ['converted', 'dropped'] as const);
  if (!Number.isInteger(step) || step < 1 || !outcome) return null;
  const { segment } = point;
  return { step, outcome, ...(typeof segment === 'string' ? { segment } : {}) };
}

function watching(raw: Raw, point: object | null): WatchingSearch {
  if (!point) return {};
  const t = Number(raw['t']);
  const replay = name(raw['replay']);
  const tab = oneOf(raw['tab'], TABS);
  return {
    point: JSON.stringify(point),
    ...(replay ? { replay } : {}),
    ...(raw['t'] !== undefined && Number.isFinite(t) ? { t } : {}),
    ...(tab ? { tab } : {}),
    ...(raw['theatre'] === true || raw['theatre'] === 'true' ? { theatre: true } : {}),
  };
}

export const insightsSearch = (raw: Raw): InsightsSearch => ({
  ...writeInsights(readInsights(raw)),
  ...watching(raw, readInsightsPoint(raw['point'])),
});

export const funnelSearch = (raw: Raw): FunnelSearch => ({
  ...writeFunnel(readFunnel(raw)),
  ...watching(raw, readFunnelPoint(raw['point'])),
});

/** The report's address with nothing watched over it. */
export function unwatched<Search extends WatchingSearch>(search: Search) {
  const rest = { ...search };
  for (const part of ['point', 'replay', 't', 'tab', 'theatre'] as const) delete rest[part];
  return rest;
}

/** Days from and to, both included, today being the last of "last 30 days". */
export function daysOf(range: Range, now: number): { from: string; to: string } {
  if ('from' in range) return range;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { from: day(now - (range.last - 1) * 86_400_000), to: day(now) };
}

/** An operator that wants a value and has none yet asks nothing. */
export function finished(filter: Filter): boolean {
  const { op, value } = filter;
  if (op === 'set' || op === 'not_set' || op === 'is_true' || op === 'is_false') return true;
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

const asked = <T extends { filters: Filter[] }>(of: T): T => ({
  ...of,
  filters: of.filters.filter(finished),
});

export function insightsBody(state: InsightsState, now: number) {
  return {
    ...daysOf(state.range, now),
    unit: state.unit,
    metrics: state.metrics.map(asked),
    filters: state.filters.filter(finished),
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}

export function funnelBody(state: FunnelState, now: number) {
  return {
    ...daysOf(state.range, now),
    steps: state.steps.map(asked),
    filters: state.filters.filter(finished),
    window: state.window,
    order: state.order,
    count: state.count,
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}

/** The list with the element at `from` moved to `to`. */
export function moved<T>(values: T[], from: number, to: number): T[] {
  const next = [...values];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
