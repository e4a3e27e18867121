import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { Condition } from '../reports/parts';
import { HttpError, json } from './http';
import { of } from './queries';
import type { FeedPage, Person } from './types';

export interface PeoplePage {
  results: Person[];
  next_cursor: string | null;
  total: number;
}

/** A person with what their page tells beside it. */
export interface Profile extends Person {
  /** All ids that are theirs: of devices, and the user id. */
  distinct_ids: string[];
  event_count: number;
  replay_count: number;
}

export interface PersonEvent {
  event: string;
  time: string;
  distinct_id: string;
  insert_id: string;
  properties: Record<string, unknown>;
  /** The replay the event can be watched in, and where. */
  replay_id: string | null;
  at_ms: number | null;
}

export interface PersonEventsPage {
  results: PersonEvent[];
  next_cursor: string | null;
}

export interface PeopleQuestion {
  q: string;
  filters: Condition[];
  sort: string;
  order: 'asc' | 'desc';
  /** Also those without a profile. */
  all: boolean;
}

const retry = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

export const peoplePage = (
  project: string,
  { q, filters, sort, order, all }: PeopleQuestion,
  limit: number,
  cursor: string | null,
  signal?: AbortSignal,
) =>
  json<PeoplePage>(`${of(project)}/people`, {
    query: {
      q,
      filters: filters.length > 0 ? JSON.stringify(filters) : '',
      sort,
      order,
      ...(all ? { all } : {}),
      limit,
      cursor,
    },
    ...(signal ? { signal } : {}),
  });

export const peopleQuery = (project: string, question: PeopleQuestion) =>
  infiniteQueryOptions({
    queryKey: ['people', project, question],
    queryFn: ({ pageParam, signal }) => peoplePage(project, question, 100, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    retry,
  });

const personPath = (project: string, id: string) =>
  `${of(project)}/people/${encodeURIComponent(id)}`;

export const profileQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['profile', project, id],
    queryFn: ({ signal }) => json<Profile>(personPath(project, id), { signal }),
    staleTime: 30_000,
    retry,
  });

/** What a person's activity is narrowed to. */
export interface ActivityQuestion {
  /** Days, both included; all without. */
  from?: string;
  to?: string;
  /** All without. */
  events: string[];
}

export const personEventsQuery = (
  project: string,
  id: string,
  { from, to, events }: ActivityQuestion,
) =>
  infiniteQueryOptions({
    queryKey: ['person-events', project, id, from, to, events],
    queryFn: ({ pageParam, signal }) =>
      json<PersonEventsPage>(`${personPath(project, id)}/events`, {
        query: { from, to, event: events, limit: 100, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    retry,
  });

export const personReplayPagesQuery = (project: string, id: string) =>
  infiniteQueryOptions({
    queryKey: ['person-replay-pages', project, id],
    queryFn: ({ pageParam, signal }) =>
      json<FeedPage>(`${personPath(project, id)}/replays`, {
        query: { limit: 100, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    retry,
  });
