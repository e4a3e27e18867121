/** What Flows asks: read from the address and written to it, the body the API gets, and what its points are called. */

import { count } from '../lib/format';
import {
  type Condition,
  type Range,
  type RangeSearch,
  type Raw,
  type Step,
  type WatchingSearch,
  asked,
  askedConditions,
  bare,
  daysOf,
  isRecord,
  list,
  name,
  oneOf,
  parsed,
  ranged,
  readConditions,
  readRange,
  readStep,
  some,
  watching,
} from '../reports/parts';
import { eventLabel, rangeLabel } from '../reports/words';

export const WINDOW_UNITS = ['second', 'minute', 'hour', 'day'] as const;
export type FlowWindowUnit = (typeof WINDOW_UNITS)[number];

export const MOST_STEPS = 8;
export const MOST_PER_STEP = 20;
export const OTHER = '$other';
export const END = '$end';

const DEFAULT_STEPS = 3;
const DEFAULT_PER_STEP = 5;
const DEFAULT_WINDOW = { value: 30, unit: 'minute' } as const;

export interface FlowsState {
  start: Step | null;
  direction: 'after' | 'before';
  steps: number;
  per_step: number;
  window: { value: number; unit: FlowWindowUnit };
  /** Passed over. */
  hidden: string[];
  filters: Condition[];
  range: Range;
}

export interface FlowsSearch extends WatchingSearch, RangeSearch {
  start?: string;
  direction?: 'before';
  steps?: number;
  per_step?: number;
  window?: string;
  hidden?: string;
  filters?: string;
}

/** A node, or the edge from step `step` to the next. */
export type FlowPoint =
  { step: number; event: string } | { step: number; from: string; to: string };

const whole = (value: unknown, most: number, usual: number) => {
  const given = Number(value);
  return Number.isInteger(given) && given >= 1 && given <= most ? given : usual;
};

function readWindow(raw: unknown): FlowsState['window'] {
  const found = typeof raw === 'string' ? /^(\d{1,7}) ?([a-z]+?)s?$/.exec(raw) : null;
  const unit = oneOf(found?.[2], WINDOW_UNITS);
  return found && unit && Number(found[1]) > 0 ? { value: Number(found[1]), unit } : DEFAULT_WINDOW;
}

export function readFlows(raw: Raw): FlowsState {
  return {
    start: readStep(parsed(raw['start'])),
    direction: raw['direction'] === 'before' ? 'before' : 'after',
    steps: whole(raw['steps'], MOST_STEPS, DEFAULT_STEPS),
    per_step: whole(raw['per_step'], MOST_PER_STEP, DEFAULT_PER_STEP),
    window: readWindow(raw['window']),
    hidden: [...new Set(list(parsed(raw['hidden']), (one) => name(one) ?? null))],
    filters: readConditions(parsed(raw['filters'])),
    range: readRange(raw),
  };
}

export function writeFlows(state: FlowsState): FlowsSearch {
  const { value, unit } = state.window;
  const usual = value === DEFAULT_WINDOW.value && unit === DEFAULT_WINDOW.unit;
  return {
    ...(state.start ? { start: JSON.stringify(bare(state.start)) } : {}),
    ...(state.direction === 'before' ? { direction: 'before' as const } : {}),
    ...(state.steps === DEFAULT_STEPS ? {} : { steps: state.steps }),
    ...(state.per_step === DEFAULT_PER_STEP ? {} : { per_step: state.per_step }),
    ...(usual ? {} : { window: `${value} ${unit}` }),
    ...some('hidden', state.hidden),
    ...some('filters', state.filters),
    ...ranged(state.range),
  };
}

export function readFlowPoint(raw: unknown): FlowPoint | null {
  const point = parsed(raw);
  if (!isRecord(point)) return null;
  const step = Number(point['step']);
  if (point['step'] === null || !Number.isInteger(step) || step < 0) return null;
  const [event, from, to] = [point['event'], point['from'], point['to']].map(name);
  if (event) return { step, event };
  return from && to ? { step, from, to } : null;
}

export const flowsSearch = (raw: Raw): FlowsSearch => ({
  ...writeFlows(readFlows(raw)),
  ...watching(raw, readFlowPoint(raw['point'])),
});

export function flowsBody(state: FlowsState, now: number, timezone: string) {
  return {
    ...daysOf(state.range, now, timezone),
    start: state.start ? asked(state.start) : null,
    direction: state.direction,
    steps: state.steps,
    per_step: state.per_step,
    window: state.window,
    hidden: state.hidden,
    filters: askedConditions(state.filters),
  };
}

export function samePoint(one: FlowPoint | null, other: FlowPoint): boolean {
  if (one?.step !== other.step) return false;
  if ('event' in one || 'event' in other)
    return 'event' in one && 'event' in other && one.event === other.event;
  return one.from === other.from && one.to === other.to;
}

/** What a node is called: before the start, nothing further means that it began there. */
export function nodeName(event: string, direction: FlowsState['direction']): string {
  if (event === OTHER) return 'Other events';
  if (event === END) return direction === 'after' ? 'Nothing further' : 'Nothing before';
  return eventLabel(event);
}

/** `2 steps after Checkout`. */
export function stepName(state: FlowsState, step: number): string {
  const start = state.start ? eventLabel(state.start.event) : 'the start';
  return step === 0
    ? start
    : `${count(step)} ${step === 1 ? 'step' : 'steps'} ${state.direction} ${start}`;
}

/** `View Item → Add to Cart · step 2 · Last 30 days`, as time goes. */
export function flowPointText(state: FlowsState, point: FlowPoint): string {
  const named = (event: string) => nodeName(event, state.direction);
  const range = rangeLabel(state.range);
  if ('event' in point)
    return point.step === 0
      ? `${named(point.event)} · ${range}`
      : `${named(point.event)} · ${stepName(state, point.step)} · ${range}`;
  const [one, other] = [named(point.from), named(point.to)];
  const way = state.direction === 'after' ? `${one} → ${other}` : `${other} → ${one}`;
  return `${way} · step ${point.step + 1} · ${range}`;
}
