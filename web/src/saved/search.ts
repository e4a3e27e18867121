/** Which saved report an address belongs to, and whether it still asks the same. */
import type { SavedKind } from '../api/saved';
import { replaysSearch } from '../feed/search';
import { type Raw, parseSearch, stringifySearch, text } from '../lib/search';
import { flowsSearch } from '../flows/state';
import { funnelSearch, insightsSearch } from '../reports/state';
import { retentionSearch } from '../retention/state';

export interface NamedSearch {
  /** The saved report that is open. */
  report?: string;
}

/** The saved report's part of an address; a change of the question keeps it. */
export function namedSearch(raw: object): NamedSearch {
  const report = text(raw as Raw, 'report');
  return report ? { report } : {};
}

/** What each screen reads from its address. */
const READERS: Record<SavedKind, (raw: Raw) => object> = {
  insights: insightsSearch,
  funnel: funnelSearch,
  retention: retentionSearch,
  flows: flowsSearch,
  replays: replaysSearch,
};

/** What an address holds beside the question: what is watched over it, and whose question it is. */
const BESIDE = ['report', 'point', 'show', 'replay', 't', 'tab', 'theatre'];

/** The question of an address: the same text for the same question, whoever wrote it and in which order. */
export function questionOf(kind: SavedKind, search: string | object): string {
  const raw = typeof search === 'string' ? parseSearch(search) : (search as Raw);
  const read: Raw = { ...READERS[kind](raw) };
  for (const name of BESIDE) delete read[name];
  return stringifySearch(
    Object.fromEntries(Object.entries(read).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** The part without which a screen asks nothing yet. */
const SUBJECT = {
  insights: 'metrics',
  funnel: 'steps',
  retention: 'first',
  flows: 'start',
} as const;

/** Whether there is something to save. */
export function asksSomething(kind: SavedKind, search: object): boolean {
  const asked = parseSearch(questionOf(kind, search));
  return kind === 'replays' ? Object.keys(asked).length > 0 : asked[SUBJECT[kind]] !== undefined;
}
