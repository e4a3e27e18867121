import { hashKey, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, useSyncExternalStore } from 'react';

import { HttpError } from '../api/http';
import { type ReportKind, askReport, cancelReport, reportKey } from '../api/reports';

/** An answer, and the question that it answers: not the one that is asked by now when it is `before`. */
export interface Answered<T, State> {
  found: T;
  state: State;
}

export interface Report<T, State> {
  answered: Answered<T, State> | null;
  /** `answered` belongs to the question before; this one's answer is on its way, or did not come. */
  before: boolean;
  /** The question is being answered: since when, and under which name. */
  asking: Asking | null;
  /** It was cancelled before it was answered. */
  stopped: boolean;
  error: Error | null;
  again: () => void;
  cancel: () => void;
}

export interface Asking {
  project: string;
  query_id: string;
  since: number;
}

/** What is being asked, by the query's key. */
const running = new Map<string, Asking>();
const changed = new EventTarget();

function put(key: string, asking: Asking | null) {
  if (asking) running.set(key, asking);
  else running.delete(key);
  changed.dispatchEvent(new Event('change'));
}

function subscribe(listener: () => void) {
  changed.addEventListener('change', listener);
  return () => changed.removeEventListener('change', listener);
}

/** `crypto.randomUUID` is not there over plain HTTP. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * Asks a report. `state` is what `body` was made of; the answer comes with the state that it answers, so that what is
 * shown while the next is on its way is labelled rightly.
 */
export function useReport<T, State>(
  project: string,
  kind: ReportKind,
  body: object,
  state: State,
  ready: boolean,
): Report<T, State> {
  const client = useQueryClient();
  const queryKey = reportKey(project, kind, body);
  const key = hashKey(queryKey);
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const asking = { project, query_id: uuid(), since: Date.now() };
      put(key, asking);
      try {
        return await askReport<T>(project, kind, body, asking.query_id, signal);
      } finally {
        if (running.get(key) === asking) put(key, null);
      }
    },
    staleTime: 30_000,
    retry: (tries, error) => !(error instanceof HttpError && error.status < 500) && tries < 1,
    enabled: ready,
  });
  const asking = useSyncExternalStore(subscribe, () => running.get(key) ?? null);

  const [last, setLast] = useState<{ key: string; answered: Answered<T, State> } | null>(null);
  const { data } = query;
  const fresh = ready && data !== undefined;
  if (fresh && (last?.answered.found !== data || last.key !== key))
    setLast({ key, answered: { found: data, state } });

  const error = fresh ? null : query.error;
  const cancelled = error instanceof HttpError && error.code === 'cancelled';
  return {
    answered: ready ? (fresh ? { found: data, state } : (last?.answered ?? null)) : null,
    before: !fresh,
    asking,
    stopped: cancelled || (ready && query.isPending && query.fetchStatus === 'idle'),
    error: cancelled ? null : error,
    again: () => void query.refetch(),
    cancel: () => {
      if (!asking) return;
      // Whether the server still knows the question or not, nobody waits for its answer.
      void cancelReport(project, asking.query_id).catch(() => undefined);
      void client.cancelQueries({ queryKey });
    },
  };
}
