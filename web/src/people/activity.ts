/** A person's events and replays as one list by day, newest first. */

import type { PersonEvent } from '../api/people';
import type { FeedRow } from '../api/types';

export type Entry =
  | { kind: 'event'; at_ms: number; event: PersonEvent }
  | { kind: 'replay'; at_ms: number; replay: FeedRow };

export interface Day {
  /** `2026-11-24`, where the project is. */
  day: string;
  entries: Entry[];
  events: number;
  replays: number;
}

export interface Pages<Row> {
  rows: Row[];
  /** There are older ones that are not loaded yet. */
  more: boolean;
}

export const calendar = (timezone: string | undefined) => {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...(timezone ? { timeZone: timezone } : {}),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (ms: number) => format.format(ms);
};

/**
 * Merges what is loaded of both lists. Below the older end of a list that goes on nothing is shown, so that no entry
 * turns up later above one that was already there; `load` is the list to go on with.
 */
export function byDay(
  events: Pages<PersonEvent>,
  replays: Pages<FeedRow>,
  days: { from?: string; to?: string },
  dayOf: (ms: number) => string,
): { days: Day[]; load: 'events' | 'replays' | null } {
  // What it begins with may have been sent a moment before the recorder ran.
  const begins = new Map<string, number>();
  for (const { replay_id, time } of events.rows)
    if (replay_id !== null)
      begins.set(replay_id, Math.min(begins.get(replay_id) ?? Infinity, Date.parse(time)));
  const entries: Entry[] = [
    ...events.rows.map((event) => ({
      kind: 'event' as const,
      at_ms: Date.parse(event.time),
      event,
    })),
    ...replays.rows.map((replay) => ({
      kind: 'replay' as const,
      at_ms: Math.min(Date.parse(replay.started_at), begins.get(replay.replay_id) ?? Infinity),
      replay,
    })),
  ];
  const end = (pages: Pages<unknown>, kind: Entry['kind']) =>
    pages.more
      ? Math.min(Infinity, ...entries.filter((one) => one.kind === kind).map((one) => one.at_ms))
      : -Infinity;
  const [eventsEnd, replaysEnd] = [end(events, 'event'), end(replays, 'replay')];
  const bottom = Math.max(eventsEnd, replaysEnd);
  // Of a replay and the event it begins with, the replay is the older.
  const shown = entries
    .filter((one) => one.at_ms >= bottom)
    .sort((one, other) => other.at_ms - one.at_ms || (one.kind === 'event' ? -1 : 1));

  const found: Day[] = [];
  let beyond = false;
  for (const entry of shown) {
    const day = dayOf(entry.at_ms);
    if (days.to !== undefined && day > days.to) continue;
    if (days.from !== undefined && day < days.from) {
      beyond = true;
      break;
    }
    let last = found.at(-1);
    if (last?.day !== day) found.push((last = { day, entries: [], events: 0, replays: 0 }));
    last.entries.push(entry);
    last[entry.kind === 'event' ? 'events' : 'replays']++;
  }
  const load =
    beyond || bottom === -Infinity ? null : eventsEnd >= replaysEnd ? 'events' : 'replays';
  return { days: found, load };
}
