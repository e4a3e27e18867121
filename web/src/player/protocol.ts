/**
 * What the dashboard and the player document say to each other by postMessage. The player lives on an origin of its
 * own, has no session and never calls the API: everything it shows comes through here.
 *
 * Recorded events travel as the bytes the API sent (NDJSON) and are parsed only in the player document. Times are the
 * rrweb events' own epoch milliseconds.
 */

export const PROTOCOL = 'playhead-player-1';

export type ToPlayer =
  /** Show this stretch and nothing else; begin at `at_ms`. `load` numbers the stretch, so that answers can be told apart. */
  | { type: 'load'; load: number; ndjson: ArrayBuffer; at_ms: number; play: boolean }
  /** More events after those held. */
  | { type: 'append'; load: number; ndjson: ArrayBuffer }
  /** Events that came late and belong among those held; those already held are recognised. */
  | { type: 'patch'; load: number; ndjson: ArrayBuffer }
  /** Whether the end of what is held is the end of the replay. */
  | { type: 'complete'; complete: boolean }
  /** `turn` comes back with what is said of the time from then on, so that older words are known as such. */
  | { type: 'seek'; at_ms: number; play: boolean; turn: number }
  | { type: 'play' }
  | { type: 'pause' }
  | { type: 'speed'; speed: number }
  | { type: 'trail'; on: boolean }
  /** Which element of the page is at this point of the player's window; nothing is when it is outside. */
  | { type: 'pick'; x: number; y: number; chosen: boolean }
  /** Forget everything: another replay comes, or none. */
  | { type: 'clear' };

/** What is said of a stretch names its `load`: words about an older one are known as such. */
export type FromPlayer = { type: 'hello' } | (Said & { load: number });

export type Said =
  /** `load`, `append` or `patch` was taken in. `range` is null when it held no events. */
  | {
      type: 'held';
      range: { first_ms: number; last_ms: number } | null;
      playable: boolean;
    }
  | { type: 'time'; at_ms: number; playing: boolean; turn: number }
  /** The end of what is held was reached, and more is expected. */
  | { type: 'stalled'; at_ms: number; turn: number }
  | { type: 'ended'; at_ms: number; turn: number }
  /** The page stands there for the first time. */
  | { type: 'drawn' }
  | { type: 'size'; width: number; height: number }
  | { type: 'page'; at_ms: number; url: string }
  | { type: 'picked'; picked: Picked | null }
  | { type: 'trouble'; message: string };

export interface Picked {
  /** Finds the element, and what the page has of its like. */
  selector: string;
  /** Where it is drawn, in the player's window. */
  box: { x: number; y: number; width: number; height: number };
  chosen: boolean;
}

interface Envelope<Message> {
  protocol: typeof PROTOCOL;
  message: Message;
}

export function wrap<Message>(message: Message): Envelope<Message> {
  return { protocol: PROTOCOL, message };
}

/** The message inside, or null for anything that isn't ours. */
export function unwrap<Message extends { type: string }>(data: unknown): Message | null {
  if (typeof data !== 'object' || data === null) return null;
  const envelope = data as Partial<Envelope<Message>>;
  if (envelope.protocol !== PROTOCOL) return null;
  const message = envelope.message as unknown;
  if (typeof message !== 'object' || message === null) return null;
  return typeof (message as { type?: unknown }).type === 'string' ? (message as Message) : null;
}
