/** Cutting the stream of events into requests, and reading the server's answers. Pure. */
import { type MaskMode, type Who, WIRE_VERSION } from "../bridge";

/** Consecutive events of one replay, epoch and person. Events are numbered, so any cut is as good as any other. */
export interface Chunk {
  token: string;
  owner: string;
  replay: string;
  epoch: string;
  seq: number;
  who: Who;
  visit: string;
  mask: MaskMode;
  /** The version of the rules the events were masked under. */
  rules: string;
  /** Texts and elements masked, and elements blocked, for the first time in these events. */
  masked: number;
  blocked: number;
  events: string[];
  /** Length of the events' JSON. */
  size: number;
  at: number;
  /** Its key in the database, once stored. */
  key?: number;
}

const sameWho = (a: Who, b: Who): boolean =>
  a.distinct_id === b.distinct_id && a.$device_id === b.$device_id && a.$user_id === b.$user_id;

export const follows = (a: Chunk, b: Chunk): boolean =>
  a.replay === b.replay &&
  a.epoch === b.epoch &&
  a.mask === b.mask &&
  a.rules === b.rules &&
  a.visit === b.visit &&
  a.seq + a.events.length === b.seq &&
  sameWho(a.who, b.who);

/** How many chunks at the head of the queue go into one request of at most `limit`; at least one. */
export function headCount(queue: readonly Chunk[], limit: number): number {
  let size = queue[0]?.size ?? 0;
  let n = Math.min(1, queue.length);
  while (n < queue.length && follows(queue[n - 1]!, queue[n]!) && size + queue[n]!.size <= limit)
    size += queue[n++]!.size;
  return n;
}

const sum = (chunks: readonly Chunk[], of: "size" | "masked" | "blocked"): number =>
  chunks.reduce((total, chunk) => total + (chunk[of] || 0), 0);

export function merge(chunks: readonly Chunk[]): Chunk {
  const first = chunks[0]!;
  return {
    ...first,
    events: chunks.flatMap((c) => c.events),
    size: sum(chunks, "size"),
    masked: sum(chunks, "masked"),
    blocked: sum(chunks, "blocked"),
  };
}

/** In two by bytes. The second half keeps the database key: it is gone only when both have arrived. */
export function bisect(chunk: Chunk): [Chunk, Chunk] {
  let at = 0;
  let size = 0;
  while (at < chunk.events.length - 1 && (at === 0 || size + chunk.events[at]!.length <= chunk.size / 2))
    size += chunk.events[at++]!.length;
  const { key, ...rest } = chunk;
  const second: Chunk = {
    ...rest,
    seq: chunk.seq + at,
    events: chunk.events.slice(at),
    size: chunk.size - size,
    masked: 0,
    blocked: 0,
  };
  if (key !== undefined) second.key = key;
  return [{ ...rest, events: chunk.events.slice(0, at), size }, second];
}

/** What stands in the place of an event that is too large to be sent. */
export function oversize(json: string): string {
  const type = Number(/"type":(\d+)/.exec(json.slice(0, 200))?.[1] ?? -1);
  const source = /"source":(\d+)/.exec(json.slice(0, 200))?.[1];
  const timestamp = Number(
    /"timestamp":(\d+)/.exec(json.slice(-200))?.[1] ?? /"timestamp":(\d+)/.exec(json)?.[1] ?? 0,
  );
  return JSON.stringify({
    type: 5,
    data: {
      tag: "ph:oversize",
      payload: { type, ...(source ? { source: Number(source) } : {}), bytes: json.length },
    },
    timestamp,
  });
}

export function recordUrl(
  endpoint: string,
  version: string,
  chunk: Chunk,
  format: "gzip" | "body",
  sentAt: number,
): string {
  const query: Record<string, string> = {
    v: WIRE_VERSION,
    token: chunk.token,
    mp_lib: "playhead",
    $lib_version: version,
    sent_at: String(sentAt),
    replay_id: chunk.replay,
    epoch: chunk.epoch,
    seq: String(chunk.seq),
    n: String(chunk.events.length),
    format,
    ...chunk.who,
    visit: chunk.visit,
    mask: chunk.mask,
    rules: chunk.rules || "",
    masked: String(chunk.masked || 0),
    blocked: String(chunk.blocked || 0),
  };
  return `${endpoint}?${new URLSearchParams(query)}`;
}

export const bodyOf = (chunk: Chunk): string => `[${chunk.events.join(",")}]`;

export type Verdict =
  | { kind: "ok"; live: boolean }
  | { kind: "deleted" }
  | { kind: "stop"; reason: string }
  | { kind: "bisect" }
  | { kind: "drop"; reason: string }
  | { kind: "retry" };

export function judge(status: number, body: unknown): Verdict {
  const answer = (body ?? {}) as Record<string, unknown>;
  const error = answer.error as Record<string, unknown> | string | undefined;
  const reason = String((typeof error === "object" ? error.message : error) ?? `HTTP ${status}`);
  if (status === 200) {
    if (answer.recording === "deleted") return { kind: "deleted" };
    if (answer.recording === "stop") return { kind: "stop", reason: "the project records no more" };
    // Something between us and the server answered: nothing is known to have arrived.
    if (answer.code !== 200) return { kind: "retry" };
    return { kind: "ok", live: answer.live === true };
  }
  if (status === 413) return { kind: "bisect" };
  if (status === 0 || status === 408 || status === 429 || status >= 500) return { kind: "retry" };
  return { kind: "drop", reason };
}

/**
 * What goes out when the page may be going away: the browser carries at most `budget` bytes. First what exists nowhere else,
 * then what is stored but not yet confirmed by the server, oldest first.
 */
export function lastWords<T extends { size: number; stored: boolean }>(
  chunks: readonly T[],
  budget: number,
): T[] {
  const taken = new Set<T>();
  for (const stored of [false, true])
    for (const chunk of chunks) {
      if (chunk.stored !== stored || chunk.size > budget) continue;
      budget -= chunk.size;
      taken.add(chunk);
    }
  return chunks.filter((chunk) => taken.has(chunk));
}
