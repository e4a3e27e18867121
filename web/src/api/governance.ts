import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { RecordingSource } from '../replay/controller';
import { HttpError, call, json } from './http';
import { of, recordingAt, replay } from './queries';
import type { ReplayDetail, Role } from './types';

interface Page<T> {
  results: T[];
  next_cursor: string | null;
}

const retry = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

// ---- how long things are kept ----

/** Null: events for ever, bookmarked replays as long as the others. */
export interface KeptDays {
  replay_days: number;
  event_days: number | null;
  bookmark_days: number | null;
}

interface Stored {
  count: number;
  oldest_at: string | null;
}

export interface Retention extends KeptDays {
  replays: Stored;
  events: Stored;
}

export interface RetentionPreview {
  replays_to_delete: number;
  events_to_delete: number;
  /** When they are deleted. */
  at: string;
  message: string;
}

export const keptQuery = (project: string) =>
  queryOptions({
    queryKey: ['kept', project],
    queryFn: ({ signal }) => json<Retention>(`${of(project)}/retention`, { signal }),
    staleTime: 10_000,
    retry,
  });

export const keptPreviewQuery = (project: string, days: KeptDays) =>
  queryOptions({
    queryKey: ['kept-preview', project, days],
    queryFn: ({ signal }) =>
      json<RetentionPreview>(`${of(project)}/retention/preview`, {
        method: 'POST',
        body: days,
        signal,
      }),
    staleTime: 10_000,
    retry,
  });

export const keepFor = (project: string, days: KeptDays) =>
  json<Retention>(`${of(project)}/retention`, { method: 'PUT', body: days });

// ---- deletions and retrievals ----

export type Kind = 'deletion' | 'retrieval';
export type Compliance = 'GDPR' | 'CCPA';

/** What a deletion is of. */
export type Target =
  | { what: 'person'; distinct_ids: string[]; compliance_type?: Compliance }
  | { what: 'replays'; replay_ids: string[] }
  | { what: 'stretch'; replay_id: string; from_ms: number; to_ms: number }
  | { what: 'event'; event: string }
  | { what: 'property'; property: string; of: 'event' | 'profile' };

export interface DeletionPreview {
  people: number;
  replays: number;
  events: number;
  profiles: number;
  message: string;
}

/** Where something was, what it was, and how much of it. */
export interface ReceiptLine {
  store: string;
  what: string;
  count: number;
}

export interface Receipt {
  removed: ReceiptLine[];
  checked_at: string | null;
  clean: boolean;
  left: ReceiptLine[];
}

export interface DataRequest {
  request_id: string;
  kind: Kind;
  what: Target['what'];
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  subject_text: string;
  requested_by: string;
  compliance_type: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  total: number;
  done: number;
  receipt: Receipt | null;
  error: string;
  /** Of a retrieval. */
  download_url: string | null;
  expires_at: string | null;
}

export const goesOn = (request: DataRequest) =>
  request.state === 'waiting' || request.state === 'running';

const requestsPath = (project: string, kind: Kind) => `${of(project)}/${kind}s`;
const requestPath = (project: string, kind: Kind, id: string) =>
  `${requestsPath(project, kind)}/${encodeURIComponent(id)}`;

export const requestsQuery = (project: string, kind: Kind) =>
  infiniteQueryOptions({
    queryKey: ['data-requests', project, kind],
    queryFn: ({ pageParam, signal }) =>
      json<Page<DataRequest>>(requestsPath(project, kind), {
        query: { cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.results.some(goesOn)) ? 1_000 : false,
    staleTime: 0,
    retry,
  });

export const requestQuery = (project: string, kind: Kind, id: string) =>
  queryOptions({
    queryKey: ['data-request', project, kind, id],
    queryFn: ({ signal }) => json<DataRequest>(requestPath(project, kind, id), { signal }),
    refetchInterval: ({ state }) => (state.data && goesOn(state.data) ? 1_000 : false),
    staleTime: 0,
    retry,
  });

export const deletionPreviewQuery = (project: string, target: Target) =>
  queryOptions({
    queryKey: ['deletion-preview', project, target],
    queryFn: ({ signal }) =>
      json<DeletionPreview>(`${requestsPath(project, 'deletion')}/preview`, {
        method: 'POST',
        body: target,
        signal,
      }),
    staleTime: 5_000,
    gcTime: 60_000,
    retry,
  });

export const askDeletion = (project: string, target: Target) =>
  json<DataRequest>(requestsPath(project, 'deletion'), { method: 'POST', body: target });

export const askRetrieval = (
  project: string,
  body: { distinct_ids: string[]; compliance_type: Compliance },
) => json<DataRequest>(requestsPath(project, 'retrieval'), { method: 'POST', body });

export const cancelRequest = (project: string, kind: Kind, id: string) =>
  call(requestPath(project, kind, id), { method: 'DELETE' });

/** Reads every store again; the request with what was found. */
export const checkAgain = (project: string, id: string) =>
  json<DataRequest>(`${requestPath(project, 'deletion', id)}/check`, { method: 'POST' });

export const downloadPath = (project: string, request: DataRequest) =>
  request.download_url ?? `${requestPath(project, 'retrieval', request.request_id)}/download`;

// ---- the audit log ----

export interface AuditEntry {
  number: number;
  at: string;
  actor: { kind: 'member' | 'key' | 'link' | 'command' | 'system'; id: string; name: string };
  action: string;
  object_kind: string;
  object_id: string;
  detail: Record<string, unknown>;
  text: string;
}

export interface AuditFilter {
  q?: string;
  actor?: string;
  action?: string;
  from?: string;
  to?: string;
}

export interface Verified {
  ok: boolean;
  entries: number;
  first_bad: number | null;
  message: string;
}

const auditPath = (project: string) => `${of(project)}/audit`;

export const auditQuery = (project: string, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', project, filter],
    queryFn: ({ pageParam, signal }) =>
      json<Page<AuditEntry>>(auditPath(project), {
        query: { ...filter, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: 5_000,
    retry,
  });

export function auditExportPath(project: string, filter: AuditFilter): string {
  const query = new URLSearchParams(Object.entries(filter)).toString();
  return `${auditPath(project)}/export${query ? `?${query}` : ''}`;
}

export const verifyAudit = (project: string) => json<Verified>(`${auditPath(project)}/verify`);

// ---- bookmarks and sharing ----

export const setBookmark = (project: string, id: string, on: boolean) =>
  call(`${replay(project, id)}/bookmark`, on ? { method: 'PUT', body: {} } : { method: 'DELETE' });

export const noteBookmark = (project: string, id: string, note: string) =>
  json<NonNullable<ReplayDetail['bookmark']>>(`${replay(project, id)}/bookmark`, {
    method: 'PUT',
    body: { note },
  });

export interface ShareLink {
  link_id: string;
  created_at: string;
  created_by: string;
  expires_at: string;
  opened: number;
}

const linksPath = (project: string, id: string) => `${replay(project, id)}/links`;

export const linksQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['share-links', project, id],
    queryFn: async ({ signal }) =>
      (await json<Page<ShareLink>>(linksPath(project, id), { signal })).results,
    staleTime: 0,
    retry,
  });

export const makeLink = (project: string, id: string, expires_hours: number) =>
  json<{ link_id: string; url: string; expires_at: string }>(linksPath(project, id), {
    method: 'POST',
    body: { expires_hours },
  });

export const revokeLink = (project: string, id: string, link: string) =>
  call(`${linksPath(project, id)}/${encodeURIComponent(link)}`, { method: 'DELETE' });

export interface Watcher {
  member_id: string;
  name: string | null;
  email: string | null;
  role: Role;
  /** Whether this replay was shared with them; who is no viewer sees it anyway. */
  shared: boolean;
}

export const watchersQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['watchers', project, id],
    queryFn: async ({ signal }) =>
      (await json<Page<Watcher>>(`${replay(project, id)}/members`, { signal })).results,
    staleTime: 0,
    retry,
  });

export const shareWith = (project: string, id: string, member: string, on: boolean) =>
  call(`${replay(project, id)}/members/${encodeURIComponent(member)}`, {
    method: on ? 'PUT' : 'DELETE',
  });

/** A replay that someone shared by a link: without whose visit it was. */
export type SharedReplay = Omit<
  ReplayDetail,
  'person' | 'distinct_id' | 'watch_url' | 'bookmarked' | 'bookmark'
> & {
  replay_origin: string;
  /** When the link stops working. */
  link_expires_at: string;
};

const sharedPath = (secret: string) => `/api/shared/${encodeURIComponent(secret)}`;

export const sharedQuery = (secret: string) =>
  queryOptions({
    queryKey: ['shared', secret],
    queryFn: ({ signal }) => json<SharedReplay>(sharedPath(secret), { signal }),
    staleTime: 60_000,
    retry,
  });

export const sharedSource = (secret: string): RecordingSource => ({
  ...recordingAt(sharedPath(secret)),
  watching: () => Promise.resolve(),
});
