/** How requests, receipts and what is kept are told, to people who answer for privacy and write no SQL. */
import type {
  DataRequest,
  DeletionPreview,
  KeptDays,
  Kind,
  ReceiptLine,
  RetentionPreview,
  Target,
} from '../api/governance';
import { count, plural } from '../lib/format';

export const whole = (value: number) => value.toLocaleString('en');

const nouns = (value: number, one: string, many = `${one}s`) =>
  `${whole(value)} ${value === 1 ? one : many}`;

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

// ---- requests ----

export const KIND_NAMES: Record<Kind, string> = { deletion: 'Deletion', retrieval: 'Retrieval' };

export const requestTitle = (request: Pick<DataRequest, 'kind' | 'subject_text'>) =>
  `${KIND_NAMES[request.kind]} of ${request.subject_text || 'data'}`;

export function requestState(request: DataRequest): string {
  switch (request.state) {
    case 'waiting':
      return 'Waiting';
    case 'running':
      return request.total > 0 ? `${count(request.done)} of ${count(request.total)}` : 'Running';
    case 'done':
      if (request.receipt && !request.receipt.clean) return 'Something is left';
      if (request.kind === 'deletion') return 'Done, nothing left';
      return request.download_url ? 'Ready' : 'Expired';
    case 'failed':
      return 'Failed';
    case 'cancelled':
      return 'Cancelled';
  }
}

/** Two lists that are loaded page by page as one, newest first: nothing is shown below what is not loaded yet. */
export function oneList(lists: { rows: DataRequest[]; more: boolean }[]): DataRequest[] {
  const known = lists
    .filter(({ rows, more }) => more && rows.length > 0)
    .map(({ rows }) => rows.at(-1)?.created_at ?? '');
  const from = known.toSorted().at(-1) ?? '';
  return lists
    .flatMap(({ rows }) => rows)
    .filter((row) => row.created_at >= from)
    .toSorted((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0));
}

/** Ids as someone pastes them: one a line, or with commas between them; each once. */
export function idsIn(text: string): string[] {
  return [...new Set(text.split(/[\n,;]+/).map((id) => id.trim()))].filter(Boolean);
}

type Counted = readonly [
  count: 'people' | 'replays' | 'events' | 'profiles',
  one: string,
  many: string,
];

const COUNTED: readonly Counted[] = [
  ['people', 'person', 'people'],
  ['replays', 'replay', 'replays'],
  ['events', 'event', 'events'],
  ['profiles', 'profile', 'profiles'],
];

/** What can be counted of a target: an event is in no replay, and a property is of events or of profiles. */
export function countedOf(target: Target): readonly Counted[] {
  const of = (...counts: Counted[0][]) => COUNTED.filter(([count]) => counts.includes(count));
  switch (target.what) {
    case 'person':
      return COUNTED;
    case 'replays':
    case 'stretch':
      return of('replays');
    case 'event':
      return of('events');
    case 'property':
      return of(target.of === 'event' ? 'events' : 'profiles');
  }
}

/** `2 replays and 14 events`; empty when there is nothing. */
export function whatGoes(preview: DeletionPreview): string {
  return listed(
    [
      preview.replays > 0 && nouns(preview.replays, 'replay'),
      preview.events > 0 && nouns(preview.events, 'event'),
      preview.profiles > 0 && nouns(preview.profiles, 'profile'),
    ].filter((part) => part !== false),
  );
}

/** What the button says that starts it. */
export function deleteLabel(target: Target, preview: DeletionPreview | undefined): string {
  switch (target.what) {
    case 'person': {
      const goes = preview ? whatGoes(preview) : '';
      return goes ? `Delete ${goes}` : 'Delete all the same';
    }
    case 'replays':
      return `Delete ${nouns(target.replay_ids.length, 'replay')}`;
    case 'stretch':
      return 'Delete this stretch';
    case 'event':
      return preview ? `Delete ${nouns(preview.events, 'event')}` : 'Delete the event';
    case 'property':
      return 'Delete the property everywhere';
  }
}

// ---- receipts ----

const STORES: Record<string, string> = {
  journal: 'Journal (arrived, not yet stored)',
  analytics: 'Events and profiles',
  blobs: 'Recordings',
  control: 'Index of replays',
  exports: 'Files made for retrievals',
};

export const storeName = (store: string) =>
  STORES[store] ?? store.charAt(0).toUpperCase() + store.slice(1);

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** What stood where, each store once, in the order in which they came. */
export function byStore(lines: readonly ReceiptLine[]): [store: string, lines: ReceiptLine[]][] {
  const stores = new Map<string, ReceiptLine[]>();
  for (const line of lines) stores.set(line.store, [...(stores.get(line.store) ?? []), line]);
  return [...stores];
}

export const sum = (lines: readonly ReceiptLine[]) =>
  lines.reduce((all, line) => all + line.count, 0);

// ---- how long things are kept ----

export const LIMITS = { least: 1, most: 3650 };

export const isDays = (value: number | null) =>
  value === null || (Number.isInteger(value) && value >= LIMITS.least && value <= LIMITS.most);

/** What is wrong with the numbers; null: nothing. */
export function daysFault(days: KeptDays): string | null {
  if (![days.replay_days, days.event_days, days.bookmark_days].every(isDays))
    return 'Give whole days, from 1 to 3,650.';
  if (days.bookmark_days !== null && days.bookmark_days < days.replay_days)
    return 'Bookmarked replays can’t be kept for less time than the others.';
  return null;
}

export const sameDays = (a: KeptDays, b: KeptDays) =>
  a.replay_days === b.replay_days &&
  a.event_days === b.event_days &&
  a.bookmark_days === b.bookmark_days;

/** `12,304 replays and 41 events`; empty when nothing goes. */
export function expiring(preview: RetentionPreview): string {
  return listed(
    [
      preview.replays_to_delete > 0 && nouns(preview.replays_to_delete, 'replay'),
      preview.events_to_delete > 0 && nouns(preview.events_to_delete, 'event'),
    ].filter((part) => part !== false),
  );
}

export const days = (value: number) => plural(value, 'day');

// ---- the audit log ----

/** What can be looked for, by what it is about. */
export const ACTIONS: [about: string, actions: [action: string, name: string][]][] = [
  [
    'Replays',
    [
      ['replay.watched', 'Watched a replay'],
      ['replay.shared', 'Shared a replay'],
      ['replay.share_revoked', 'Stopped sharing a replay'],
      ['replay.bookmarked', 'Bookmarked a replay'],
      ['replay.bookmark_removed', 'Took a bookmark off'],
      ['replay.deleted', 'Deleted a replay'],
    ],
  ],
  [
    'People’s data',
    [
      ['deletion', 'Deletions, all of it'],
      ['deletion.requested', 'Asked for a deletion'],
      ['deletion.finished', 'A deletion was finished'],
      ['retrieval', 'Retrievals, all of it'],
      ['retrieval.requested', 'Asked for a retrieval'],
      ['retrieval.downloaded', 'Downloaded a retrieval'],
    ],
  ],
  [
    'Exports',
    [
      ['events.exported', 'Exported events'],
      ['report.exported', 'Exported a report'],
      ['audit.exported', 'Exported the audit log'],
    ],
  ],
  [
    'Rules and retention',
    [
      ['rule', 'Made or deleted a privacy rule'],
      ['retention.changed', 'Changed retention'],
    ],
  ],
  [
    'Members and keys',
    [
      ['member.invited', 'Invited a member'],
      ['member.role_changed', 'Changed a role'],
      ['member.removed', 'Removed a member'],
      ['key', 'Made or revoked an API key'],
    ],
  ],
  [
    'Project',
    [
      ['project', 'Changed the project'],
      ['report.deleted', 'Deleted a saved report'],
      ['board.deleted', 'Deleted a board'],
      ['lexicon.changed', 'Changed the Lexicon'],
    ],
  ],
];

export const actionName = (action: string) =>
  ACTIONS.flatMap(([, actions]) => actions).find(([one]) => one === action)?.[1] ?? action;

/** What an entry's capital says before, of and after the object that it names by its id. */
export function aroundId(text: string, id: string): [before: string, id: string, after: string] {
  const at = id === '' ? -1 : text.indexOf(id);
  return at < 0 ? [text, '', ''] : [text.slice(0, at), id, text.slice(at + id.length)];
}

/** An id that stands in a sentence: its end, which tells ids apart. */
export const shortId = (id: string) => (id.length > 12 ? `…${id.slice(-6)}` : id);
