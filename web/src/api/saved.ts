import { queryOptions } from '@tanstack/react-query';

import { HttpError, call, json } from './http';
import { of } from './queries';

export type SavedKind = 'insights' | 'funnel' | 'retention' | 'flows' | 'replays';

/** A report, or a playlist (`replays`): a name for what an address asks. */
export interface SavedReport {
  report_id: string;
  kind: SavedKind;
  name: string;
  description: string;
  /** The screen's own query string. */
  search: string;
  created_at: string;
  updated_at: string;
  created_by: string | null;
}

export type Width = 1 | 2 | 3;

/** Shows a saved report, or a note. */
export interface Card {
  card_id: string;
  report_id: string | null;
  text: string | null;
  width: Width;
}

export interface Board {
  board_id: string;
  name: string;
  description: string;
  cards: Card[];
  created_at: string;
  updated_at: string;
  created_by: string | null;
}

interface Listed<T> {
  results: T[];
  next_cursor: string | null;
}

const again = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

/** All pages of a list. */
async function whole<T>(path: string, signal: AbortSignal): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Listed<T> = await json(path, { query: { limit: 200, cursor }, signal });
    found.push(...page.results);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}

/** Newest first. */
export const savedQuery = (project: string) =>
  queryOptions({
    queryKey: ['saved', project],
    queryFn: ({ signal }) => whole<SavedReport>(`${of(project)}/saved-reports`, signal),
    staleTime: 30_000,
    retry: again,
  });

export const boardsQuery = (project: string) =>
  queryOptions({
    queryKey: ['boards', project],
    queryFn: ({ signal }) => whole<Board>(`${of(project)}/boards`, signal),
    staleTime: 30_000,
    retry: again,
  });

export const boardQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['board', project, id],
    queryFn: ({ signal }) => json<Board>(boardPath(project, id), { signal }),
    staleTime: 30_000,
    retry: again,
  });

const savedPath = (project: string, id: string) =>
  `${of(project)}/saved-reports/${encodeURIComponent(id)}`;
const boardPath = (project: string, id: string) =>
  `${of(project)}/boards/${encodeURIComponent(id)}`;

export const saveReport = (
  project: string,
  body: Pick<SavedReport, 'kind' | 'name' | 'description' | 'search'>,
) => json<SavedReport>(`${of(project)}/saved-reports`, { method: 'POST', body });

export const changeReport = (
  project: string,
  id: string,
  body: Partial<Pick<SavedReport, 'name' | 'description' | 'search'>>,
) => json<SavedReport>(savedPath(project, id), { method: 'PATCH', body });

export const deleteReport = (project: string, id: string) =>
  call(savedPath(project, id), { method: 'DELETE' });

export const makeBoard = (
  project: string,
  body: Pick<Board, 'name' | 'description'> & { cards?: Card[] },
) => json<Board>(`${of(project)}/boards`, { method: 'POST', body });

export const changeBoard = (
  project: string,
  id: string,
  body: Partial<Pick<Board, 'name' | 'description' | 'cards'>>,
) => json<Board>(boardPath(project, id), { method: 'PATCH', body });

export const deleteBoard = (project: string, id: string) =>
  call(boardPath(project, id), { method: 'DELETE' });

/** An id for a card that is being made; `crypto.randomUUID` is not there over plain HTTP. */
export const cardId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
