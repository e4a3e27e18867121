import type { Entry, LexiconKind } from '../api/lexicon';

export const ORDERS = ['name', 'count', 'first_seen', 'last_seen'] as const;
export type Order = (typeof ORDERS)[number];

export interface LexiconSearch {
  q?: string;
  /** Events when it is not said. */
  of?: LexiconKind;
  /** By volume when it is not said. */
  by?: Order;
  order?: 'asc';
}

const bare = (name: string) => name.replace(/^\$(mp_)?/, '').toLowerCase();

/** What has no time to be ordered by comes last both ways. */
export function ordered(entries: Entry[], sort: Order, ascending: boolean): Entry[] {
  const way = ascending ? 1 : -1;
  const byName = (a: Entry, b: Entry) =>
    bare(a.name).localeCompare(bare(b.name)) || (a.name < b.name ? -1 : 1);
  return entries.toSorted((a, b) => {
    if (sort === 'name') return way * byName(a, b);
    const [one, other] = [a[sort], b[sort]];
    if (one === other) return byName(a, b);
    if (one === null) return 1;
    if (other === null) return -1;
    return one < other ? -way : way;
  });
}
