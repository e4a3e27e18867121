/** Reading recorded events in the player document. They come from strangers: nothing about them is taken for granted. */
import { EventType, type eventWithTime } from '@rrweb/types';

/** Played while the rest is parsed. */
const LEAD_MS = 1_000;

/** The events of an NDJSON body; a line that is no rrweb event is left out. */
export function parse(ndjson: ArrayBuffer): eventWithTime[] {
  return [...read(ndjson)];
}

/** What is needed to draw the page as it was at `at_ms`, at once, and the rest, which is parsed when it is asked for. */
export function parseUntil(
  ndjson: ArrayBuffer,
  at_ms: number,
): { beginning: eventWithTime[]; rest: () => eventWithTime[] } {
  const lines = read(ndjson);
  const beginning: eventWithTime[] = [];
  let drawable = false;
  for (let line = lines.next(); !line.done; line = lines.next()) {
    beginning.push(line.value);
    drawable ||= line.value.type === EventType.FullSnapshot;
    if (drawable && line.value.timestamp > at_ms + LEAD_MS) break;
  }
  return { beginning, rest: () => [...lines] };
}

function* read(ndjson: ArrayBuffer): Generator<eventWithTime> {
  for (const line of new TextDecoder().decode(ndjson).split('\n')) {
    if (line === '') continue;
    try {
      const event = JSON.parse(line) as Partial<eventWithTime> | null;
      if (
        typeof event === 'object' &&
        event !== null &&
        typeof event.type === 'number' &&
        Number.isFinite(event.timestamp) &&
        typeof event.data === 'object' &&
        event.data !== null
      ) {
        yield event as eventWithTime;
      }
    } catch {
      // A torn line; the ones around it are still good.
    }
  }
}

/**
 * The events from the first full snapshot on, with the Meta event (its size and address) that precedes it; what comes
 * before can't be drawn. Empty without a full snapshot.
 */
export function fromFirstSnapshot(events: eventWithTime[]): eventWithTime[] {
  const snapshot = events.findIndex((event) => event.type === EventType.FullSnapshot);
  if (snapshot < 0) return [];
  const meta = events.slice(0, snapshot).findLastIndex((event) => event.type === EventType.Meta);
  return meta < 0
    ? events.slice(snapshot)
    : [events[meta] as eventWithTime, ...events.slice(meta + 1)];
}

/** Adds `late` to `held` as multisets (an event that is held as often as it came is not added) in order of time. */
export function merge(held: eventWithTime[], late: eventWithTime[]): eventWithTime[] {
  const first = Math.min(...late.map((event) => event.timestamp));
  const last = Math.max(...late.map((event) => event.timestamp));
  const counts = new Map<string, number>();
  for (const event of held) {
    if (event.timestamp < first || event.timestamp > last) continue;
    const key = JSON.stringify(event);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const added = late.filter((event) => {
    const key = JSON.stringify(event);
    const count = counts.get(key) ?? 0;
    if (count > 0) counts.set(key, count - 1);
    return count === 0;
  });
  if (added.length === 0) return held;
  return [...held, ...added].sort((a, b) => a.timestamp - b.timestamp);
}

/** The page's address, when this event tells it. */
export function addressIn(event: eventWithTime): string | null {
  if (event.type === EventType.Meta) {
    const { href } = event.data;
    return typeof href === 'string' ? href : null;
  }
  if (event.type === EventType.Custom && event.data.tag === 'ph:page') {
    const payload = event.data.payload as { href?: unknown } | null;
    return typeof payload?.href === 'string' ? payload.href : null;
  }
  return null;
}
