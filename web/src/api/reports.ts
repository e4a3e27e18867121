import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { HttpError, call, json } from './http';
import { of } from './queries';
import type { FeedRow, PersonName } from './types';

export interface Points {
  points: { t: string; value: number | null }[];
  total: number | null;
}

export interface Series extends Points {
  /** Which metric of the body; null for a formula's. */
  metric: number | null;
  formula: number | null;
  segment: string | null;
  /** What is over the breakdown's limit. */
  other: boolean;
  /** The period before, bucket under bucket; null when nothing is compared. */
  previous: Points | null;
}

export interface InsightsReport {
  series: Series[];
  took_ms: number;
}

export interface FunnelStep {
  event: string;
  count: number;
  rate: number;
  step_rate: number;
  median_ms: number | null;
  p90_ms: number | null;
  /** Of the time from the step before. */
  distribution: Bin[];
}

export interface Bin {
  from_ms: number;
  /** Null: more. */
  to_ms: number | null;
  count: number;
}

/** How long something took, of those who did it. */
export interface Times {
  median_ms: number | null;
  p90_ms: number | null;
  distribution: Bin[];
}

export interface FunnelSegment {
  segment: string | null;
  steps: FunnelStep[];
  other: boolean;
  /** From the first step to the last. */
  convert: Times;
  /** By when the first step was done; only when a unit was asked for. */
  trend?: { t: string; entered: number; converted: number; rate: number }[];
}

export interface FunnelReport {
  segments: FunnelSegment[];
  took_ms: number;
}

/** A replay behind a point, and the moment in it that the point is about. */
export interface WatchableRow extends FeedRow {
  at_ms: number;
}

export interface Watchable {
  results: WatchableRow[];
  next_cursor: string | null;
  total: number;
  people: number;
  events: number;
  unrecorded: number;
  gone: number;
}

export interface PersonBehind extends PersonName {
  /** Of their events behind the point. */
  count: number;
  last_at: string;
}

export interface EventBehind {
  event: string;
  time: string;
  distinct_id: string;
  person: PersonName;
  insert_id: string;
  properties: Record<string, unknown>;
  /** The replay that the event can be watched in, and where. */
  replay_id: string | null;
  at_ms: number | null;
}

interface Behind<Row> {
  results: Row[];
  next_cursor: string | null;
  total: number;
}

export type ReportKind = 'insights' | 'funnel' | 'retention' | 'flows';

const again = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

const reportPath = (project: string, kind: ReportKind) => `${of(project)}/reports/${kind}`;

export const reportKey = (project: string, kind: ReportKind, body: object) => [
  'report',
  project,
  kind,
  body,
];

/** Asks a report; `query_id` names the question while it is being answered. */
export const askReport = <T>(
  project: string,
  kind: ReportKind,
  body: object,
  query_id: string,
  signal: AbortSignal,
) =>
  json<T>(reportPath(project, kind), {
    method: 'POST',
    body,
    headers: { 'X-Query-Id': query_id },
    signal,
  });

export interface Progress {
  elapsed_ms: number;
  read_rows: number;
  total_rows: number | null;
}

const queryPath = (project: string, query_id: string) => `${of(project)}/queries/${query_id}`;

/** How far a question is; null when none of that name is being answered (any more, or yet). */
export const progressQuery = (project: string, query_id: string) =>
  queryOptions({
    queryKey: ['query-progress', project, query_id],
    queryFn: async ({ signal }) => {
      try {
        return await json<Progress>(queryPath(project, query_id), { signal });
      } catch (error) {
        if (error instanceof HttpError && error.status === 404) return null;
        throw error;
      }
    },
    refetchInterval: 500,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });

export const cancelReport = (project: string, query_id: string) =>
  call(queryPath(project, query_id), { method: 'DELETE' });

/** A page after the other of what is behind a point of a report. */
const behindQuery = <Page extends { next_cursor: string | null }>(
  what: 'replays' | 'people' | 'events',
  size: number,
  project: string,
  kind: ReportKind,
  body: object,
  point: object,
) =>
  infiniteQueryOptions({
    queryKey: ['report-behind', what, project, kind, body, point],
    queryFn: ({ pageParam, signal }) =>
      json<Page>(`${reportPath(project, kind)}/${what}`, {
        method: 'POST',
        body: { ...body, point },
        query: { limit: size, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: again,
  });

/** At most this many rows of what is behind a point are taken along. */
const TAKEN = 10_000;

/** All of them, a page after the other. */
export async function allBehind<Row>(
  what: 'people' | 'events',
  project: string,
  kind: ReportKind,
  body: object,
  point: object,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Behind<Row> = await json<Behind<Row>>(`${reportPath(project, kind)}/${what}`, {
      method: 'POST',
      body: { ...body, point },
      query: { limit: 200, cursor },
    });
    rows.push(...page.results);
    cursor = page.next_cursor;
  } while (cursor !== null && rows.length < TAKEN);
  return rows;
}

/** View Replays: those behind a point of a report. */
export const watchableReplaysQuery = (
  project: string,
  kind: ReportKind,
  body: object,
  point: object,
) => behindQuery<Watchable>('replays', 50, project, kind, body, point);

/** View Users. */
export const peopleBehindQuery = (project: string, kind: ReportKind, body: object, point: object) =>
  behindQuery<Behind<PersonBehind>>('people', 100, project, kind, body, point);

/** View Events. */
export const eventsBehindQuery = (project: string, kind: ReportKind, body: object, point: object) =>
  behindQuery<Behind<EventBehind>>('events', 100, project, kind, body, point);

export type PropertyType = 'string' | 'number' | 'boolean' | 'datetime' | 'list' | 'object';

export interface KnownProperty {
  property: string;
  count: number;
  types: PropertyType[];
  description: string | null;
}

/** Properties of an event (of all without), or of profiles. */
export const propertiesQuery = (project: string, event: string | undefined, from?: 'profile') =>
  queryOptions({
    queryKey: ['properties', project, from ? null : event, from],
    queryFn: async ({ signal }) =>
      (
        await json<{ results: KnownProperty[] }>(`${of(project)}/events/properties`, {
          query: { event: from ? undefined : event, of: from },
          signal,
        })
      ).results,
    staleTime: 60_000,
    retry: again,
  });

export const valuesQuery = (
  project: string,
  event: string | undefined,
  property: string,
  from?: 'profile',
) =>
  queryOptions({
    queryKey: ['values', project, from ? null : event, property, from],
    queryFn: async ({ signal }) =>
      (
        await json<{ results: { value: unknown; count: number }[] }>(
          `${of(project)}/events/values`,
          { query: { event: from ? undefined : event, property, of: from }, signal },
        )
      ).results,
    staleTime: 60_000,
    retry: again,
  });
