/** What the reports' questions are made of: read from an address, whatever someone typed there, and written to it. */

import { TABS } from '../lib/search';

export type Unit = (typeof UNITS)[number];
export type Operator = (typeof OPERATORS)[number];
export type Show = (typeof SHOWS)[number];

export const UNITS = ['hour', 'day', 'week', 'month'] as const;
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
export const LAST_DAYS = [7, 30, 90] as const;
const SHOWS = ['people', 'events'] as const;

export interface Property {
  property: string;
  of?: 'profile';
}

export interface Filter extends Property {
  op: Operator;
  value?: FilterValue;
}

/** A filter, or several of which one must hold. */
export type Condition = Filter | { any: Filter[] };

export type Scalar = string | number | boolean;
export type FilterValue = Scalar | Scalar[];

export interface Step {
  event: string;
  filters: Condition[];
}

export type Range = { last: number } | { from: string; to: string };

/** The part of an address that says what is opened over the report. */
export interface WatchingSearch {
  /** The point whose replays, people or events are shown, as JSON. */
  point?: string;
  /** Replays without. */
  show?: Show;
  replay?: string;
  /** Where in the replay, epoch milliseconds. */
  t?: number;
  tab?: (typeof TABS)[number];
  theatre?: boolean;
}

export interface RangeSearch {
  last?: number;
  from?: string;
  to?: string;
}

export type Raw = Record<string, unknown>;

const PROFILE = 'profile:';
const DEFAULT_LAST = 30;

export const isRecord = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
export const oneOf = <T extends string>(value: unknown, of: readonly T[]): T | undefined =>
  of.find((one) => one === value);
export const name = (value: unknown) =>
  typeof value === 'string' && value !== '' ? value : undefined;

export function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

export const list = <T>(value: unknown, read: (one: unknown) => T | null): T[] =>
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

/** Of one alternative nothing but itself is left. */
function readCondition(raw: unknown): Condition | null {
  if (!isRecord(raw) || !('any' in raw)) return readFilter(raw);
  const any = list(raw['any'], readFilter);
  return any.length > 1 ? { any } : (any[0] ?? null);
}

export const readConditions = (raw: unknown) => list(raw, readCondition);

export function readStep(raw: unknown): Step | null {
  const event = isRecord(raw) ? name(raw['event']) : undefined;
  return event ? { event, filters: readConditions((raw as Raw)['filters']) } : null;
}

const isDay = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  !Number.isNaN(Date.parse(`${value}T00:00:00Z`));

export function readRange(raw: Raw): Range {
  const { from, to } = raw;
  if (isDay(from) && isDay(to)) return { from, to };
  const last = Number(raw['last']);
  return { last: Number.isInteger(last) && last >= 1 && last <= 3_660 ? last : DEFAULT_LAST };
}

export function readBreakdown(raw: unknown): Property | null {
  const text = name(raw);
  if (!text) return null;
  return text.startsWith(PROFILE)
    ? { property: text.slice(PROFILE.length), of: 'profile' }
    : { property: text };
}

export const bare = (step: Step) =>
  step.filters.length > 0 ? { event: step.event, filters: step.filters } : { event: step.event };
/** A list that holds something, under its name. */
export const some = (name: string, values: unknown[]) =>
  values.length > 0 ? { [name]: JSON.stringify(values) } : {};
export const ranged = (range: Range): RangeSearch =>
  'from' in range ? range : range.last === DEFAULT_LAST ? {} : { last: range.last };
export const by = (breakdown: Property | null) =>
  breakdown ? { breakdown: `${breakdown.of ? PROFILE : ''}${breakdown.property}` } : {};

/** What is opened over a report, at `point`; nothing without. */
export function watching(raw: Raw, point: object | null): WatchingSearch {
  if (!point) return {};
  const t = Number(raw['t']);
  const replay = name(raw['replay']);
  const tab = oneOf(raw['tab'], TABS);
  const show = oneOf(raw['show'], SHOWS);
  return {
    point: JSON.stringify(point),
    ...(show ? { show } : {}),
    ...(replay ? { replay } : {}),
    ...(raw['t'] !== undefined && Number.isFinite(t) ? { t } : {}),
    ...(tab ? { tab } : {}),
    ...(raw['theatre'] === true || raw['theatre'] === 'true' ? { theatre: true } : {}),
  };
}

/** The report's address with nothing opened over it. */
export function unwatched<Search extends WatchingSearch>(search: Search) {
  const rest = { ...search };
  for (const part of ['point', 'show', 'replay', 't', 'tab', 'theatre'] as const) delete rest[part];
  return rest;
}

const DAY_MS = 86_400_000;

/** Today where the project is. */
function today(now: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** Days from and to, both included; the last of "last 30 days" is today in the project's time zone. */
export function daysOf(range: Range, now: number, timezone: string): { from: string; to: string } {
  if ('from' in range) return range;
  const to = today(now, timezone);
  const from = Date.parse(`${to}T00:00:00Z`) - (range.last - 1) * DAY_MS;
  return { from: new Date(from).toISOString().slice(0, 10), to };
}

/** An operator that wants a value and has none yet asks nothing. */
export function finished(filter: Filter): boolean {
  const { op, value } = filter;
  if (op === 'set' || op === 'not_set' || op === 'is_true' || op === 'is_false') return true;
  if (op === 'between') return Array.isArray(value) && value.length === 2;
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

export const alternatives = (condition: Condition): Filter[] =>
  'any' in condition ? condition.any : [condition];

/** As the API takes it: what is not finished yet is left out. */
export function askedConditions(conditions: Condition[]): Condition[] {
  return conditions.flatMap((condition): Condition[] => {
    const any = alternatives(condition).filter(finished);
    return any.length > 1 ? [{ any }] : any;
  });
}

export const asked = <T extends { filters: Condition[] }>(of: T): T => ({
  ...of,
  filters: askedConditions(of.filters),
});

/** The list with the element at `from` moved to `to`. */
export function moved<T>(values: T[], from: number, to: number): T[] {
  const next = [...values];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
