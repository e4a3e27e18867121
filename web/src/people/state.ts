/** What the Users screens show: read from their address, whatever someone typed there, and written to it. */

import type { PeopleQuestion } from '../api/people';
import {
  type Condition,
  type Raw,
  askedConditions,
  list,
  name,
  parsed,
  readConditions,
  some,
} from '../reports/parts';

/** A column is one of these or a property of profiles. */
export const OWN_COLUMNS = {
  last_seen: 'Last seen',
  first_seen: 'First seen',
  distinct_id: 'User id',
} as const;

export const USUAL_COLUMNS = ['$email', '$city', '$country_code', 'first_seen', 'last_seen'];

export interface UsersState {
  q: string;
  filters: Condition[];
  columns: string[];
  sort: string;
  order: 'asc' | 'desc';
  /** Also those without a profile. */
  all: boolean;
}

export interface UsersSearch {
  q?: string;
  filters?: string;
  columns?: string;
  /** The column that sorts. */
  by?: string;
  order?: 'asc' | 'desc';
  all?: true;
}

export const PERIODS = [30, 60, 90] as const;

export interface ProfileState {
  /** Days; null: since they were first seen. */
  last: number | null;
  /** Only these; all without. */
  events: string[];
  /** Not these. */
  hidden: string[];
}

export interface ProfileSearch {
  last?: number | 'all';
  events?: string;
  hidden?: string;
}

const names = (value: unknown) => [...new Set(list(parsed(value), (one) => name(one) ?? null))];

export const isTime = (column: string) => column === 'last_seen' || column === 'first_seen';

/** Times are looked at from the newest, names from A. */
export const usualOrder = (sort: string): 'asc' | 'desc' => (isTime(sort) ? 'desc' : 'asc');

export function readUsers(raw: Raw): UsersState {
  const sort = name(raw['by']) ?? 'last_seen';
  const { order } = raw;
  const columns = names(raw['columns']);
  return {
    q: name(raw['q'])?.trim() ?? '',
    filters: readConditions(parsed(raw['filters'])),
    columns: raw['columns'] === undefined ? USUAL_COLUMNS : columns,
    sort,
    order: order === 'asc' || order === 'desc' ? order : usualOrder(sort),
    all: raw['all'] === true || raw['all'] === 'true',
  };
}

export function writeUsers(state: UsersState): UsersSearch {
  const usual = JSON.stringify(USUAL_COLUMNS) === JSON.stringify(state.columns);
  return {
    ...(state.q ? { q: state.q } : {}),
    ...some('filters', state.filters),
    ...(usual ? {} : { columns: JSON.stringify(state.columns) }),
    ...(state.sort === 'last_seen' ? {} : { by: state.sort }),
    ...(state.order === usualOrder(state.sort) ? {} : { order: state.order }),
    ...(state.all ? { all: true as const } : {}),
  };
}

export const usersSearch = (raw: Raw): UsersSearch => writeUsers(readUsers(raw));

export const question = ({ q, filters, sort, order, all }: UsersState): PeopleQuestion => ({
  q,
  filters: askedConditions(filters),
  sort,
  order,
  all,
});

/** Sorts by a column; by the one that sorts already, the other way round. */
export function sortedBy(state: UsersState, column: string): UsersState {
  const order = state.sort !== column ? usualOrder(column) : state.order === 'asc' ? 'desc' : 'asc';
  return { ...state, sort: column, order };
}

export function readProfile(raw: Raw): ProfileState {
  const last = raw['last'] === 'all' ? null : Number(raw['last']);
  return {
    last: last === null || PERIODS.some((one) => one === last) ? last : PERIODS[0],
    events: names(raw['events']),
    hidden: names(raw['hidden']),
  };
}

export function writeProfile(state: ProfileState): ProfileSearch {
  return {
    ...(state.last === PERIODS[0] ? {} : { last: state.last ?? ('all' as const) }),
    ...some('events', state.events),
    ...some('hidden', state.hidden),
  };
}

export const profileSearch = (raw: Raw): ProfileSearch => writeProfile(readProfile(raw));
