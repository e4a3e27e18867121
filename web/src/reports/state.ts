/** What Insights and Funnels ask: read from the address and written to it, and the body the API gets. */

import {
  type Condition,
  type Property,
  type Range,
  type RangeSearch,
  type Raw,
  type Step,
  UNITS,
  type Unit,
  type WatchingSearch,
  asked,
  askedConditions,
  bare,
  by,
  daysOf,
  isRecord,
  list,
  name,
  oneOf,
  parsed,
  ranged,
  readBreakdown,
  readConditions,
  readRange,
  readStep,
  some,
  watching,
} from './parts';

export type Count = (typeof COUNTS)[number];
export type Function = (typeof FUNCTIONS)[number];
export type WindowUnit = (typeof WINDOW_UNITS)[number];

export const COUNTS = ['total', 'unique', 'dau', 'wau', 'mau', 'per_user_avg'] as const;
export const FUNCTIONS = ['sum', 'avg', 'median', 'p90', 'p99', 'min', 'max', 'distinct'] as const;
export const WINDOW_UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const;

export type Measure = Count | { aggregate: Function; property: string };

export interface Metric {
  event: string;
  measure: Measure;
  filters: Condition[];
}

export interface InsightsState {
  metrics: Metric[];
  filters: Condition[];
  breakdown: Property | null;
  unit: Unit;
  range: Range;
  chart: 'line' | 'bar';
}

export interface FunnelState {
  steps: Step[];
  filters: Condition[];
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

export interface InsightsSearch extends WatchingSearch, RangeSearch {
  metrics?: string;
  filters?: string;
  breakdown?: string;
  unit?: Unit;
  chart?: 'bar';
}

export interface FunnelSearch extends WatchingSearch, RangeSearch {
  steps?: string;
  filters?: string;
  breakdown?: string;
  window?: string;
  any_order?: true;
  count?: 'total';
}

const DEFAULT_WINDOW = { value: 7, unit: 'day' } as const;

function readMeasure(raw: unknown): Measure {
  if (isRecord(raw)) {
    const aggregate = oneOf(raw['aggregate'], FUNCTIONS);
    const property = name(raw['property']);
    if (aggregate && property) return { aggregate, property };
  }
  return oneOf(raw, COUNTS) ?? 'total';
}

function readMetric(raw: unknown): Metric | null {
  const step = readStep(raw);
  return step && { ...step, measure: readMeasure((raw as Raw)['measure']) };
}

function readWindow(raw: unknown): FunnelState['window'] {
  const found = typeof raw === 'string' ? /^(\d{1,6}) ?([a-z]+?)s?$/.exec(raw) : null;
  const unit = oneOf(found?.[2], WINDOW_UNITS);
  return found && unit && Number(found[1]) > 0 ? { value: Number(found[1]), unit } : DEFAULT_WINDOW;
}

export function readInsights(raw: Raw): InsightsState {
  return {
    metrics: list(parsed(raw['metrics']), readMetric).slice(0, 10),
    filters: readConditions(parsed(raw['filters'])),
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
    filters: readConditions(parsed(raw['filters'])),
    breakdown: readBreakdown(raw['breakdown']),
    window: readWindow(raw['window']),
    order,
    count: raw['count'] === 'total' && order === 'specific' ? 'total' : 'unique',
    range: readRange(raw),
  };
}

const measured = (metric: Metric) =>
  metric.measure === 'total' ? bare(metric) : { ...bare(metric), measure: metric.measure };

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

export const insightsSearch = (raw: Raw): InsightsSearch => ({
  ...writeInsights(readInsights(raw)),
  ...watching(raw, readInsightsPoint(raw['point'])),
});

export const funnelSearch = (raw: Raw): FunnelSearch => ({
  ...writeFunnel(readFunnel(raw)),
  ...watching(raw, readFunnelPoint(raw['point'])),
});

export function insightsBody(state: InsightsState, now: number, timezone: string) {
  return {
    ...daysOf(state.range, now, timezone),
    unit: state.unit,
    metrics: state.metrics.map(asked),
    filters: askedConditions(state.filters),
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}

export function funnelBody(state: FunnelState, now: number, timezone: string) {
  return {
    ...daysOf(state.range, now, timezone),
    steps: state.steps.map(asked),
    filters: askedConditions(state.filters),
    window: state.window,
    order: state.order,
    count: state.count,
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}
