import { queryOptions } from '@tanstack/react-query';

import type { RecordingSource } from '../replay/controller';
import { HttpError, call, json } from './http';
import { of, recordingSource, replay } from './queries';
import type { DraftRule, Job, Preview, RecordingIndex, Rule } from './types';

const rulesPath = (project: string) => `${of(project)}/privacy/rules`;
const jobsPath = (project: string) => `${of(project)}/privacy/jobs`;

export const rulesQuery = (project: string) =>
  queryOptions({
    queryKey: ['privacy-rules', project],
    queryFn: ({ signal }) =>
      json<{ results: Rule[]; version: string }>(rulesPath(project), { signal }),
    staleTime: 10_000,
  });

export const addRule = (project: string, rule: DraftRule & { note?: string }) =>
  json<Rule>(rulesPath(project), { method: 'POST', body: rule });

export const deleteRule = (project: string, id: string) =>
  call(`${rulesPath(project)}/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** What a rule would change in a replay. A rule that is none answers with what is wrong with it, once. */
export const previewQuery = (project: string, id: string, rule: DraftRule) =>
  queryOptions({
    queryKey: ['privacy-preview', project, id, rule],
    queryFn: ({ signal }) =>
      json<Preview>(`${replay(project, id)}/preview`, {
        method: 'POST',
        body: { rules: [rule] },
        signal,
      }),
    staleTime: 60_000,
    retry: (tries, error) => !(error instanceof HttpError && error.status < 500) && tries < 2,
  });

/** The replay as it would be under `rules`, for the player: it comes whole, for its page is rebuilt from the start. */
export function previewSource(project: string, id: string, rules: DraftRule[]): RecordingSource {
  const stored = recordingSource(project, id);
  return {
    index: async () => ({ ...(await stored.index()), generation: null, frames: [], hot: [] }),
    bytes: async () => {
      const path = `${replay(project, id)}/preview/events`;
      return (await call(path, { method: 'POST', body: { rules } })).arrayBuffer();
    },
    watching: () => Promise.resolve(),
  };
}

const goesOn = (job: Job) => job.state === 'waiting' || job.state === 'running';

export const jobsQuery = (project: string) =>
  queryOptions({
    queryKey: ['privacy-jobs', project],
    queryFn: async ({ signal }) =>
      (await json<{ results: Job[] }>(jobsPath(project), { signal })).results,
    refetchInterval: ({ state }) => (state.data?.some(goesOn) ? 1_000 : false),
    staleTime: 0,
  });

export const startJob = (project: string) => json<Job>(jobsPath(project), { method: 'POST' });

export const cancelJob = (project: string, id: string) =>
  call(`${jobsPath(project)}/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** Asks for a replay that is being masked until it can be read; an answer of 409 says how far it is. */
export const watchableQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['watchable', project, id],
    queryFn: ({ signal }) => json<RecordingIndex>(`${replay(project, id)}/index`, { signal }),
    refetchInterval: 2_000,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
