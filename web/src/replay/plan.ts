/**
 * What to fetch next, as a function of values: the recording's index, what the player holds, and where the playhead is.
 *
 * The player always holds one unbroken stretch [since_ms, through_ms] that begins at a full snapshot. Seeking inside it
 * needs nothing; seeking a little past it reads on; seeking far away or before it begins anew at the last full
 * snapshot before that place. A recording is read from two tiers (docs/api.md, "Replays"): sealed `frames`, and `hot`
 * blocks that follow them. When a hot block lies among the frames (a late batch) only `/events` gives the right order.
 */
import type { Frame, RecordingIndex } from '../api/types';

export type Fetch =
  | { kind: 'frame'; generation: number; n: number }
  | { kind: 'events'; from_ms: number | null; to_ms: number | null; snapshot: boolean };

export interface Loaded {
  /** What `/frames` numbers mean; null when the stretch was not read from frames. */
  generation: number | null;
  /** The frame that follows what is held, in `generation`. */
  next_frame: number;
  since_ms: number;
  through_ms: number;
  /** Hot blocks known when they were read or when reading began: others may hold what we lack. */
  blocks: ReadonlySet<string>;
}

export type Step =
  /** Throw away what is held and begin with this. */
  | { do: 'restart'; fetch: Fetch }
  /** Add this at the end. */
  | { do: 'append'; fetch: Fetch }
  /** Put this among what is held: a batch that came late. */
  | { do: 'patch'; fetch: Fetch; block_id: string }
  /** Enough is held for now. `complete`: there is no more, and there will be none. */
  | { do: 'rest'; complete: boolean };

export interface Reading {
  at_ms: number;
  /** How far ahead of the playhead to read. */
  ahead_ms: number;
}

/** Read in one go when everything together is no larger than this. */
export const WHOLE_BYTES = 4_000_000;

/** How far one `/events` request of a long recording that is not sealed yet reaches. */
export const SPAN_MS = 10 * 60_000;

export function plan(index: RecordingIndex, loaded: Loaded | null, reading: Reading): Step {
  const at_ms = Math.min(Math.max(reading.at_ms, index.first_ms), index.last_ms);

  if (loaded === null || at_ms < loaded.since_ms || farAhead(index, loaded, at_ms)) {
    return { do: 'restart', fetch: beginning(index, at_ms) };
  }

  const late = index.hot.find(
    (block) =>
      !loaded.blocks.has(block.block_id) &&
      block.first_ms <= loaded.through_ms &&
      block.last_ms >= loaded.since_ms,
  );
  if (late) {
    return {
      do: 'patch',
      block_id: late.block_id,
      fetch: {
        kind: 'events',
        from_ms: late.first_ms - 1,
        to_ms: Math.min(late.last_ms, loaded.through_ms),
        snapshot: false,
      },
    };
  }

  const next = following(index, loaded);
  if (next === null) return { do: 'rest', complete: !index.live };

  const enough = loaded.through_ms >= at_ms + reading.ahead_ms;
  const littleLeft = bytesAfter(index, loaded.through_ms) <= WHOLE_BYTES;
  if (enough && !littleLeft) return { do: 'rest', complete: false };
  return { do: 'append', fetch: next };
}

/** What is held once `step` has been carried out; `got` is what the events themselves said. */
export function advance(
  index: RecordingIndex,
  loaded: Loaded | null,
  step: Exclude<Step, { do: 'rest' }>,
  got: { first_ms: number; last_ms: number } | null,
): Loaded {
  const fetch = step.fetch;
  const known = new Set(loaded?.blocks);
  for (const block of index.hot) if (step.do !== 'patch') known.add(block.block_id);

  if (step.do === 'patch') {
    known.add(step.block_id);
    return { ...(loaded as Loaded), blocks: known };
  }
  const frame = fetch.kind === 'frame' ? index.frames.find((f) => f.n === fetch.n) : undefined;
  const reached =
    fetch.kind === 'frame'
      ? (frame?.last_ms ?? got?.last_ms ?? index.last_ms)
      : Math.max(fetch.to_ms ?? index.last_ms, got?.last_ms ?? 0);
  const since = got?.first_ms ?? frame?.first_ms ?? index.first_ms;
  return {
    generation: fetch.kind === 'frame' ? fetch.generation : null,
    next_frame: fetch.kind === 'frame' ? fetch.n + 1 : Infinity,
    since_ms: step.do === 'restart' || !loaded ? since : loaded.since_ms,
    through_ms: step.do === 'restart' || !loaded ? reached : Math.max(loaded.through_ms, reached),
    blocks: known,
  };
}

/** A late batch lies among the sealed frames, or nothing is sealed: frames alone don't give the right order. */
export function onlyEvents(index: RecordingIndex): boolean {
  const last = index.frames.at(-1);
  if (index.generation === null || last === undefined) return true;
  return index.hot.some((block) => block.first_ms < last.last_ms);
}

function beginning(index: RecordingIndex, at_ms: number): Fetch {
  if (onlyEvents(index)) {
    if (bytesAfter(index, -Infinity) <= WHOLE_BYTES) {
      return { kind: 'events', from_ms: null, to_ms: null, snapshot: true };
    }
    return { kind: 'events', from_ms: at_ms, to_ms: at_ms + SPAN_MS, snapshot: true };
  }
  const snapshotInHot = index.hot.some((block) => block.full_snapshot && block.last_ms <= at_ms);
  if (snapshotInHot) {
    return { kind: 'events', from_ms: at_ms, to_ms: null, snapshot: true };
  }
  const start = startFrame(index.frames, at_ms);
  return { kind: 'frame', generation: index.generation as number, n: start.n };
}

/** The last frame that holds a full snapshot at or before `at_ms`; else the first that holds one at all. */
function startFrame(frames: Frame[], at_ms: number): Frame {
  const before = frames.findLast((frame) => frame.full_snapshots.some((ms) => ms <= at_ms));
  return (before ?? frames.find((frame) => frame.full_snapshots.length > 0) ?? frames[0]) as Frame;
}

/** Would reading on to `at_ms` cost more than beginning anew there? */
function farAhead(index: RecordingIndex, loaded: Loaded, at_ms: number): boolean {
  if (at_ms <= loaded.through_ms) return false;
  if (loaded.generation === null || loaded.generation !== index.generation || onlyEvents(index)) {
    return at_ms > loaded.through_ms + SPAN_MS && bytesAfter(index, -Infinity) > WHOLE_BYTES;
  }
  if (index.hot.some((block) => block.full_snapshot && block.last_ms <= at_ms)) {
    return loaded.next_frame < index.frames.length;
  }
  return startFrame(index.frames, at_ms).n > loaded.next_frame;
}

function following(index: RecordingIndex, loaded: Loaded): Fetch | null {
  if (!onlyEvents(index) && loaded.generation === index.generation) {
    const frame = index.frames.find((f) => f.n === loaded.next_frame);
    if (frame) return { kind: 'frame', generation: index.generation as number, n: frame.n };
  }
  if (loaded.through_ms >= index.last_ms) return null;
  const whole = bytesAfter(index, loaded.through_ms) <= WHOLE_BYTES;
  return {
    kind: 'events',
    from_ms: loaded.through_ms,
    to_ms: whole ? null : loaded.through_ms + SPAN_MS,
    snapshot: false,
  };
}

function bytesAfter(index: RecordingIndex, ms: number): number {
  let bytes = 0;
  for (const part of index.frames) if (part.last_ms > ms) bytes += part.bytes;
  for (const part of index.hot) if (part.last_ms > ms) bytes += part.bytes;
  return bytes;
}
