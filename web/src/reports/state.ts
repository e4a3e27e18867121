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
export type ChartKind = (typeof CHARTS)[number];
export type WindowUnit = (typeof WINDOW_UNITS)[number];

export const COUNTS = ['total', 'unique', 'dau', 'wau', 'mau', 'per_user_avg'] as const;
export const FUNCTIONS = ['sum', 'avg', 'median', 'p90', 'p99', 'min', 'max', 'distinct'] as const;
export const CHARTS = [
  'line',
  'area',
  'column',
  'stacked',
  'bar',
  'pie',
  'number',
  'table',
] as const;
export const WINDOW_UNITS = ['second', 'minute', 'hour', 'day', 'week'] as const;

export type Measure = Count | { aggregate: Function; property: string };

export interface Metric {
  event: string;
  measure: Measure;
  filters: Condition[];
  /** Not drawn: only a formula needs it. */
  hidden?: true;
}

/** A calculation with the metrics, which are the letters A, B, … */
export interface Formula {
  formula: string;
  name?: string;
}

export interface InsightsState {
  metrics: Metric[];
  formulas: Formula[];
  filters: Condition[];
  breakdown: Property | null;
  unit: Unit;
  range: Range;
  /** With the same number of days before. */
  compare: boolean;
  chart: ChartKind;
}

/** Ends an attempt when it happens between two steps. */
export interface Exclusion extends Step {
  /** Numbers of steps; the first and the last without. */
  after?: number;
  before?: number;
}

export interface FunnelState {
  steps: Step[];
  exclusions: Exclusion[];
  /** Properties that are the same on every step of an attempt. */
  hold: string[];
  filters: Condition[];
  breakdown: Property | null;
  window: { value: number; unit: WindowUnit };
  order: 'specific' | 'any';
  count: 'unique' | 'total';
  range: Range;
  /** Over time, in buckets of this; null: step by step. */
  trend: Unit | null;
}

export interface InsightsPoint {
  /** Of a metric or of a formula. */
  metric?: number;
  formula?: number;
  segment?: string;
  t?: string;
  /** Of the period that is compared with. */
  previous?: true;
}

export interface FunnelPoint {
  step: number;
  outcome: 'converted' | 'dropped';
  segment?: string;
  /** The bucket of the first step. */
  t?: string;
}

export interface InsightsSearch extends WatchingSearch, RangeSearch {
  metrics?: string;
  filters?: string;
  breakdown?: string;
  formulas?: string;
  unit?: Unit;
  compare?: 'previous';
  chart?: ChartKind;
}

export interface FunnelSearch extends WatchingSearch, RangeSearch {
  steps?: string;
  filters?: string;
  breakdown?: string;
  window?: string;
  any_order?: true;
  count?: 'total';
  exclusions?: string;
  hold?: string;
  trend?: Unit;
}

export const MAX_FORMULAS = 5;
export const MAX_HELD = 3;
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
  if (!step) return null;
  const { measure, hidden } = raw as Raw;
  return { ...step, measure: readMeasure(measure), ...(hidden === true ? { hidden } : {}) };
}

function readFormula(raw: unknown): Formula | null {
  if (!isRecord(raw)) return null;
  const { formula } = raw;
  const called = name(raw['name']);
  return typeof formula === 'string' ? { formula, ...(called ? { name: called } : {}) } : null;
}

function readWindow(raw: unknown): FunnelState['window'] {
  const found = typeof raw === 'string' ? /^(\d{1,6}) ?([a-z]+?)s?$/.exec(raw) : null;
  const unit = oneOf(found?.[2], WINDOW_UNITS);
  return found && unit && Number(found[1]) > 0 ? { value: Number(found[1]), unit } : DEFAULT_WINDOW;
}

export function readInsights(raw: Raw): InsightsState {
  return {
    metrics: list(parsed(raw['metrics']), readMetric).slice(0, 10),
    formulas: list(parsed(raw['formulas']), readFormula).slice(0, MAX_FORMULAS),
    filters: readConditions(parsed(raw['filters'])),
    breakdown: readBreakdown(raw['breakdown']),
    unit: oneOf(raw['unit'], UNITS) ?? 'day',
    range: readRange(raw),
    compare: raw['compare'] === 'previous',
    chart: oneOf(raw['chart'], CHARTS) ?? 'line',
  };
}

function readExclusion(raw: unknown, steps: number): Exclusion | null {
  const step = readStep(raw);
  if (!step) return null;
  const { after, before } = raw as { after: number; before: number };
  const from = Number.isInteger(after) && after > 1 && after < steps ? after : 1;
  const to = Number.isInteger(before) && before > from && before < steps ? before : steps;
  return {
    ...step,
    ...(from > 1 ? { after: from } : {}),
    ...(to < steps ? { before: to } : {}),
  };
}

export function readFunnel(raw: Raw): FunnelState {
  const anyOrder = raw['any_order'] === true || raw['any_order'] === 'true';
  const order = anyOrder ? 'any' : 'specific';
  const steps = list(parsed(raw['steps']), readStep).slice(0, 20);
  return {
    steps,
    exclusions: list(parsed(raw['exclusions']), (one) => readExclusion(one, steps.length)),
    hold: list(parsed(raw['hold']), (one) => name(one) ?? null).slice(0, MAX_HELD),
    filters: readConditions(parsed(raw['filters'])),
    breakdown: readBreakdown(raw['breakdown']),
    window: readWindow(raw['window']),
    order,
    count: raw['count'] === 'total' && order === 'specific' ? 'total' : 'unique',
    range: readRange(raw),
    trend: oneOf(raw['trend'], UNITS) ?? null,
  };
}

const measured = (metric: Metric) => ({
  ...bare(metric),
  ...(metric.measure === 'total' ? {} : { measure: metric.measure }),
  ...(metric.hidden ? { hidden: true } : {}),
});

export function writeInsights(state: InsightsState): InsightsSearch {
  return {
    ...some('metrics', state.metrics.map(measured)),
    ...some('formulas', state.formulas),
    ...some('filters', state.filters),
    ...by(state.breakdown),
    ...(state.unit === 'day' ? {} : { unit: state.unit }),
    ...ranged(state.range),
    ...(state.compare ? { compare: 'previous' as const } : {}),
    ...(state.chart === 'line' ? {} : { chart: state.chart }),
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
    ...some(
      'exclusions',
      state.exclusions.map(({ after, before, ...step }) => ({
        ...bare(step),
        ...(after === undefined ? {} : { after }),
        ...(before === undefined ? {} : { before }),
      })),
    ),
    ...some('hold', state.hold),
    ...ranged(state.range),
    ...(state.trend ? { trend: state.trend } : {}),
  };
}

export function readInsightsPoint(raw: unknown): InsightsPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const of = Number.isInteger(point['formula']) ? 'formula' : 'metric';
  const number = Number(point[of] ?? 0);
  if (!Number.isInteger(number) || number < 0) return null;
  const [segment, t] = [point['segment'], name(point['t'])];
  return {
    [of]: number,
    ...(typeof segment === 'string' ? { segment } : {}),
    ...(t ? { t } : {}),
    ...(point['previous'] === true ? { previous: true } : {}),
  };
}

export function readFunnelPoint(raw: unknown): FunnelPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const step = Number(point['step']);
  const outcome = oneOf(point['outcome'], ['converted', 'dropped'] as const);
  if (!Number.isInteger(step) || step < 1 || !outcome) return null;
  const [segment, t] = [point['segment'], name(point['t'])];
  return {
    step,
    outcome,
    ...(typeof segment === 'string' ? { segment } : {}),
    ...(t ? { t } : {}),
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

export function insightsBody(state: InsightsState, now: number, timezone: string) {
  const formulas = state.formulas.filter((one) => one.formula.trim() !== '');
  return {
    ...daysOf(state.range, now, timezone),
    unit: state.unit,
    metrics: state.metrics.map(({ event, measure, filters }) => asked({ event, measure, filters })),
    ...(formulas.length > 0 ? { formulas } : {}),
    ...(state.compare ? { compare: 'previous' } : {}),
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
    ...(state.exclusions.length > 0 ? { exclusions: state.exclusions.map(asked) } : {}),
    ...(state.hold.length > 0 ? { hold: state.hold } : {}),
    ...(state.trend ? { unit: state.trend } : {}),
    ...(state.breakdown ? { breakdown: state.breakdown } : {}),
  };
}

/** The metric that a letter of a formula stands for: A is the first. */
export const letter = (metric: number) => String.fromCharCode(65 + metric);

/** Which metrics a formula is made of. */
export const used = (formula: string): number[] =>
  [...formula.toUpperCase()].flatMap((char) =>
    char >= 'A' && char <= 'J' ? [char.charCodeAt(0) - 65] : [],
  );

/** Without a metric: formulas that need it go too, and the letters of the others move up. */
export function withoutMetric(state: InsightsState, at: number): InsightsState {
  const formulas = state.formulas.flatMap((one) =>
    used(one.formula).includes(at)
      ? []
      : [
          {
            ...one,
            formula: one.formula.replaceAll(/[a-j]/gi, (char) => {
              const metric = char.toUpperCase().charCodeAt(0) - 65;
              return letter(metric > at ? metric - 1 : metric);
            }),
          },
        ],
  );
  const metrics = state.metrics.filter((_, i) => i !== at);
  return { ...state, metrics: formulas.length > 0 ? metrics : shown(metrics), formulas };
}

/** All of them drawn. */
export const shown = (metrics: Metric[]): Metric[] =>
  metrics.map(({ event, measure, filters }) => ({ event, measure, filters }));

/** The same number of days before, which is what is compared with. */
export function daysBefore(days: { from: string; to: string }): { from: string; to: string } {
  const [from, to] = [days.from, days.to].map((day) => Date.parse(`${day}T00:00:00Z`)) as [
    number,
    number,
  ];
  const length = to - from + 86_400_000;
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { from: day(from - length), to: day(to - length) };
}

/** The days of the buckets that were drawn over, and a unit that shows something in them. */
export function zoomed<Asked extends { range: Range; unit: Unit }>(
  state: Asked,
  first: string,
  last: string,
): Asked {
  const from = first.slice(0, 10);
  const end = new Date(`${last.slice(0, 10)}T00:00:00Z`);
  if (state.unit === 'week') end.setUTCDate(end.getUTCDate() + 6);
  if (state.unit === 'month') end.setUTCMonth(end.getUTCMonth() + 1, 0);
  const to = end.toISOString().slice(0, 10);
  const days = (end.getTime() - Date.parse(`${from}T00:00:00Z`)) / 86_400_000 + 1;
  const unit = days <= 2 ? 'hour' : days <= 31 && state.unit !== 'hour' ? 'day' : state.unit;
  return { ...state, range: { from, to }, unit };
}

/** What colours go by: a key for each metric that is drawn, and then for each formula. */
export function subjectKeys({ metrics, formulas }: InsightsState): string[] {
  const keys = [
    ...metrics.map((one) => (one.hidden ? '' : one.event)),
    ...formulas.map((one) => `= ${one.formula}`),
  ];
  // The same event twice, measured in two ways, is two lines.
  return keys.map((key, i) => (keys.indexOf(key) === i ? key : `${key} ${i}`));
}

/** With other steps; exclusions stay between steps that there are. */
export function withSteps(state: FunnelState, steps: Step[]): FunnelState {
  const exclusions = list(state.exclusions, (one) => readExclusion(one, steps.length));
  return { ...state, steps, exclusions };
}
