import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { HttpError, json } from './http';
import { of } from './queries';
import type { FeedRow } from './types';

export interface Series {
  /** Which metric of the body. */
  metric: number;
  segment: string | null;
  points: { t: string; value: number | null }[];
  total: number | null;
  /** What is over the breakdown's limit. */
  other: boolean;
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
}

export interface FunnelSegment {
  segment: string | null;
  steps: FunnelStep[];
  other: boolean;
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

export type ReportKind = 'insights' | 'funnel';

const again = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

const reportQuery = <T>(project: string, kind: ReportKind, body: object) =>
  queryOptions({
    queryKey: ['report', project, kind, body],
    queryFn: ({ signal }) =>
      json<T>(`${of(project)}/reports/${kind}`, { method: 'POST', body, signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: again,
  });

export const insightsQuery = (project: string, body: object) =>
  reportQuery<InsightsReport>(project, 'insights', body);

export const funnelQuery = (project: string, body: object) =>
  reportQuery<FunnelReport>(project, 'funnel', body);

/** View Replays: those behind a point of a report. */
export const watchableReplaysQuery = (
  project: string,
  kind: ReportKind,
  body: object,
  point: object,
) =>
  infiniteQueryOptions({
    queryKey: ['report-replays', project, kind, body, point],
    queryFn: ({ pageParam, signal }) =>
      json<Watchable>(`${of(project)}/reports/${kind}/replays`, {
        method: 'POST',
        body: { ...body, point },
        query: { limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: again,
  });

export const propertiesQuery = (project: string, event: string | undefined) =>
  queryOptions({
    queryKey: ['event-properties', project, event],
    queryFn: async ({ signal }) =>
      (
        await json<{ results: { property: string; count: number }[] }>(
          `${of(project)}/events/properties`,
          { query: { event }, signal },
        )
      ).results,
    staleTime: 60_000,
    retry: again,
  });

export const valuesQuery = (project: string, event: string | undefined, property: string) =>
  queryOptions({
    queryKey: ['event-values', project, event, property],
    queryFn: async ({ signal }) =>
      (
        await json<{ results: { value: unknown; count: number }[] }>(
          `${of(project)}/events/values`,
          { query: { event, property }, signal },
        )
      ).results,
    staleTime: 60_000,
    retry: again,
  });
