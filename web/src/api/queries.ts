import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { RecordingSource } from '../replay/controller';
import { HttpError, call, json, setCsrf } from './http';
import type { FeedPage, Person, RecordingIndex, ReplayDetail, Session, Status } from './types';

export const of = (project: string) => `/api/projects/${encodeURIComponent(project)}`;
export const replay = (project: string, id: string) =>
  `${of(project)}/replays/${encodeURIComponent(id)}`;

/** What a feed is narrowed to; the names are the API's. */
export interface FeedFilter {
  q?: string;
  sort?: 'recency' | 'duration' | 'activity';
  order?: 'asc' | 'desc';
  from?: string;
  to?: string;
  event?: string;
  url?: string;
  has_error?: boolean;
  has_rage_click?: boolean;
  min_duration_ms?: number;
  browser?: string;
  os?: string;
  device?: string;
  live?: boolean;
  bookmarked?: boolean;
  distinct_id?: string;
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await json<Session>('/api/session');
    setCsrf(session.csrf_token);
    return session;
  },
  staleTime: 5 * 60_000,
  retry: (tries, error) => !(error instanceof HttpError) && tries < 3,
});

export const feedQuery = (project: string, filter: FeedFilter) =>
  infiniteQueryOptions({
    queryKey: ['feed', project, filter],
    queryFn: ({ pageParam, signal }) =>
      json<FeedPage>(`${of(project)}/replays`, {
        query: { ...filter, limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    // New replays come through `newestQuery`; asking for every page again would only cost.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });

export const newestQuery = (project: string, filter: FeedFilter) =>
  queryOptions({
    queryKey: ['newest', project, filter],
    queryFn: ({ signal }) =>
      json<FeedPage>(`${of(project)}/replays`, { query: { ...filter, limit: 25 }, signal }),
    refetchInterval: 3_000,
    staleTime: 0,
  });

export const liveCountQuery = (project: string) =>
  queryOptions({
    queryKey: ['live-count', project],
    queryFn: async ({ signal }) =>
      (await json<FeedPage>(`${of(project)}/replays`, { query: { live: true, limit: 1 }, signal }))
        .total,
    refetchInterval: 5_000,
  });

export const replayQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['replay', project, id],
    queryFn: ({ signal }) => json<ReplayDetail>(replay(project, id), { signal }),
    refetchInterval: ({ state }) =>
      state.data?.live || state.data?.status === 'masking' ? 2_000 : false,
    staleTime: 10_000,
    retry: (tries, error) => !(error instanceof HttpError && error.status < 500) && tries < 2,
  });

export const personQuery = (project: string, distinctId: string) =>
  queryOptions({
    queryKey: ['person', project, distinctId],
    queryFn: ({ signal }) =>
      json<Person>(`${of(project)}/people/${encodeURIComponent(distinctId)}`, { signal }),
    staleTime: 60_000,
    retry: false,
  });

export const personReplaysQuery = (project: string, distinctId: string) =>
  queryOptions({
    queryKey: ['person-replays', project, distinctId],
    queryFn: ({ signal }) =>
      json<FeedPage>(`${of(project)}/people/${encodeURIComponent(distinctId)}/replays`, { signal }),
    staleTime: 30_000,
    retry: false,
  });

export const eventNamesQuery = (project: string) =>
  queryOptions({
    queryKey: ['event-names', project],
    queryFn: ({ signal }) =>
      json<{ results: { event: string; count: number }[] }>(`${of(project)}/events/names`, {
        signal,
      }),
    staleTime: 60_000,
    retry: false,
  });

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => json<Status>('/api/status', { signal }),
  refetchInterval: 5_000,
});

export const deleteReplay = (project: string, id: string) =>
  call(replay(project, id), { method: 'DELETE' });

/** The recording that is read under `base`, the path of a replay. */
export function recordingAt(base: string): Omit<RecordingSource, 'watching'> {
  return {
    index: () => json<RecordingIndex>(`${base}/index`),
    bytes: async (fetch) => {
      const response =
        fetch.kind === 'frame'
          ? await call(`${base}/frames/${fetch.generation}/${fetch.n}`)
          : await call(`${base}/events`, {
              query: { from: fetch.from_ms, to: fetch.to_ms, snapshot: fetch.snapshot },
            });
      return response.arrayBuffer();
    },
  };
}

export function recordingSource(project: string, id: string): RecordingSource {
  const base = replay(project, id);
  return {
    ...recordingAt(base),
    watching: async () => {
      await call(`${base}/watching`, { method: 'POST' });
    },
  };
}
