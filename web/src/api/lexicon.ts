import { queryOptions } from '@tanstack/react-query';

import { HttpError, json } from './http';
import { of } from './queries';

export type LexiconKind = 'event' | 'event_property' | 'profile_property';

/** What is known and was written about an event or a property. */
export interface Entry {
  name: string;
  count: number;
  /** Of properties; the most frequent first. */
  types: string[];
  first_seen: string | null;
  last_seen: string | null;
  description: string | null;
  hidden: boolean;
}

type Answered = Omit<Entry, 'name' | 'types' | 'first_seen'> & {
  event?: string;
  property?: string;
  types?: string[];
  type?: string | null;
  first_seen?: string | null;
};

const again = (tries: number, error: Error) =>
  !(error instanceof HttpError && error.status < 500) && tries < 1;

export const lexiconQuery = (project: string, kind: LexiconKind) =>
  queryOptions({
    queryKey: ['lexicon', project, kind],
    queryFn: async ({ signal }): Promise<Entry[]> => {
      const path = `${of(project)}/lexicon/${kind === 'event' ? 'events' : 'properties'}`;
      const found: Answered[] = [];
      let cursor: string | null = null;
      do {
        const page: { results: Answered[]; next_cursor: string | null } = await json(path, {
          query: {
            of: kind === 'event' ? null : kind === 'profile_property' ? 'profile' : 'event',
            cursor,
          },
          signal,
        });
        found.push(...page.results);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return found.map(({ event, property, types = [], type, first_seen = null, ...rest }) => ({
        ...rest,
        name: event ?? property ?? '',
        types: type ? [type, ...types.filter((one) => one !== type)] : types,
        first_seen,
      }));
    },
    staleTime: 60_000,
    retry: again,
  });

export const describe = (
  project: string,
  body: { kind: LexiconKind; name: string; description?: string; hidden?: boolean },
) => json(`${of(project)}/lexicon`, { method: 'PUT', body });
