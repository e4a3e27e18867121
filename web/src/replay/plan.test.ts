import { describe, expect, it } from 'vitest';

import type { Frame, HotBlock, RecordingIndex } from '../api/types';
import { type Loaded, SPAN_MS, type Step, advance, onlyEvents, plan } from './plan';

const frame = (
  n: number,
  first_ms: number,
  last_ms: number,
  full_snapshots: number[] = [],
): Frame => ({
  n,
  first_ms,
  last_ms,
  full_snapshots,
  bytes: 2_000_000,
  events: 100,
});

const block = (
  block_id: string,
  first_ms: number,
  last_ms: number,
  full_snapshot = false,
): HotBlock => ({
  block_id,
  first_ms,
  last_ms,
  full_snapshot,
  bytes: 4_000,
});

const index = (change: Partial<RecordingIndex> = {}): RecordingIndex => {
  const made = {
    replay_id: 'r',
    status: 'ready' as const,
    live: false,
    generation: 1,
    first_ms: 1_000,
    frames: [
      frame(0, 1_000, 60_000, [1_010]),
      frame(1, 60_000, 120_000),
      frame(2, 120_000, 180_000, [130_000]),
      frame(3, 180_000, 240_000),
    ],
    hot: [],
    ...change,
  };
  const last_ms = Math.max(...[...made.frames, ...made.hot].map((part) => part.last_ms));
  return { last_ms, ...made };
};

const held = (change: Partial<Loaded> = {}): Loaded => ({
  generation: 1,
  next_frame: 1,
  since_ms: 1_000,
  through_ms: 60_000,
  blocks: new Set(),
  ...change,
});

/** Carries out the plan until it rests. */
function readAll(of: RecordingIndex, at_ms: number, ahead_ms: number) {
  const steps: Step[] = [];
  let loaded: Loaded | null = null;
  for (let i = 0; i < 50; i++) {
    const step = plan(of, loaded, { at_ms, ahead_ms });
    steps.push(step);
    if (step.do === 'rest') return { steps, loaded };
    loaded = advance(of, loaded, step, null);
  }
  throw new Error('the plan never rests');
}

describe('a sealed recording', () => {
  it('begins with the first frame', () => {
    expect(plan(index(), null, { at_ms: 1_000, ahead_ms: 0 })).toEqual({
      do: 'restart',
      fetch: { kind: 'frame', generation: 1, n: 0 },
    });
  });

  it('begins with the frame of the last full snapshot at or before the position', () => {
    const at = (at_ms: number) => plan(index(), null, { at_ms, ahead_ms: 0 });
    expect(at(119_000)).toMatchObject({ fetch: { n: 0 } });
    expect(at(129_999)).toMatchObject({ fetch: { n: 0 } });
    expect(at(130_000)).toMatchObject({ fetch: { n: 2 } });
    expect(at(239_000)).toMatchObject({ fetch: { n: 2 } });
  });

  it('reads ahead of the playhead and then rests', () => {
    const reading = { at_ms: 30_000, ahead_ms: 50_000 };
    expect(plan(index(), held(), reading)).toEqual({
      do: 'append',
      fetch: { kind: 'frame', generation: 1, n: 1 },
    });
    const further = held({ next_frame: 2, through_ms: 120_000 });
    expect(
      plan(
        { ...index(), frames: index().frames.map((f) => ({ ...f, bytes: 9e6 })) },
        further,
        reading,
      ),
    ).toEqual({ do: 'rest', complete: false });
  });

  it('reads a small remainder whatever the distance', () => {
    const loaded = held({ next_frame: 3, through_ms: 180_000 });
    expect(plan(index(), loaded, { at_ms: 2_000, ahead_ms: 0 })).toMatchObject({ fetch: { n: 3 } });
  });

  it('is complete when all is held', () => {
    const { steps, loaded } = readAll(index(), 1_000, Infinity);
    expect(steps.map((step) => step.do)).toEqual(['restart', 'append', 'append', 'append', 'rest']);
    expect(steps.at(-1)).toEqual({ do: 'rest', complete: true });
    expect(loaded).toMatchObject({ since_ms: 1_000, through_ms: 240_000 });
  });

  it('reads on for a seek a little ahead, and begins anew for one behind the next snapshot frame', () => {
    expect(plan(index(), held(), { at_ms: 100_000, ahead_ms: 0 })).toMatchObject({
      do: 'append',
      fetch: { n: 1 },
    });
    expect(plan(index(), held(), { at_ms: 200_000, ahead_ms: 0 })).toMatchObject({
      do: 'restart',
      fetch: { n: 2 },
    });
  });

  it('begins anew for a seek before what is held', () => {
    const late = held({ since_ms: 130_000, next_frame: 3, through_ms: 180_000 });
    expect(plan(index(), late, { at_ms: 50_000, ahead_ms: 0 })).toMatchObject({
      do: 'restart',
      fetch: { n: 0 },
    });
  });

  it('goes on by time when it was sealed anew meanwhile', () => {
    expect(plan(index({ generation: 2 }), held(), { at_ms: 30_000, ahead_ms: Infinity })).toEqual({
      do: 'append',
      fetch: { kind: 'events', from_ms: 60_000, to_ms: 60_000 + SPAN_MS, snapshot: false },
    });
  });

  it('brings a position outside the recording into it', () => {
    expect(plan(index(), null, { at_ms: 0, ahead_ms: 0 })).toMatchObject({ fetch: { n: 0 } });
    expect(plan(index(), null, { at_ms: 9e9, ahead_ms: 0 })).toMatchObject({ fetch: { n: 2 } });
  });
});

describe('hot blocks', () => {
  it('are read after the frames, by events', () => {
    const hot = [block('a', 240_000, 245_000)];
    const loaded = held({ next_frame: 4, through_ms: 240_000, blocks: new Set(['a']) });
    expect(plan(index({ hot }), loaded, { at_ms: 239_000, ahead_ms: 10_000 })).toEqual({
      do: 'append',
      fetch: { kind: 'events', from_ms: 240_000, to_ms: null, snapshot: false },
    });
  });

  it('are all there is while nothing is sealed', () => {
    const hot = [block('a', 1_000, 5_000, true), block('b', 5_000, 9_000)];
    const unsealed = index({ generation: null, frames: [], hot, live: true });
    expect(onlyEvents(unsealed)).toBe(true);
    expect(plan(unsealed, null, { at_ms: 9_000, ahead_ms: 0 })).toEqual({
      do: 'restart',
      fetch: { kind: 'events', from_ms: null, to_ms: null, snapshot: true },
    });
  });

  it('are read from the position when they are many', () => {
    const hot = Array.from({ length: 60 }, (_, i) => ({
      ...block(`b${i}`, i * 30_000, i * 30_000 + 30_000, i === 0),
      bytes: 250_000,
    }));
    const unsealed = index({ generation: null, frames: [], hot, first_ms: 0 });
    expect(plan(unsealed, null, { at_ms: 900_000, ahead_ms: 0 })).toEqual({
      do: 'restart',
      fetch: { kind: 'events', from_ms: 900_000, to_ms: 900_000 + SPAN_MS, snapshot: true },
    });
  });

  it('that lie among the frames make everything be read by events', () => {
    const late = index({ hot: [block('late', 50_000, 55_000)] });
    expect(onlyEvents(late)).toBe(true);
    expect(plan(late, null, { at_ms: 1_000, ahead_ms: 0 })).toMatchObject({
      do: 'restart',
      fetch: { kind: 'events' },
    });
  });

  it('that come late are put among what is held, once', () => {
    const before = index({
      generation: null,
      frames: [],
      hot: [block('a', 1_000, 20_000, true)],
      live: true,
    });
    const start = plan(before, null, { at_ms: 1_000, ahead_ms: 0 });
    if (start.do === 'rest') throw new Error('nothing to do');
    const loaded = advance(before, null, start, { first_ms: 1_000, last_ms: 20_000 });
    const after = index({
      generation: null,
      frames: [],
      hot: [block('a', 1_000, 20_000, true), block('late', 8_000, 12_000)],
      live: true,
    });
    const step = plan(after, loaded, { at_ms: 19_000, ahead_ms: 0 });
    expect(step).toEqual({
      do: 'patch',
      block_id: 'late',
      fetch: { kind: 'events', from_ms: 7_999, to_ms: 12_000, snapshot: false },
    });
    if (step.do === 'rest') throw new Error('nothing to do');
    const patched = advance(after, loaded, step, null);
    expect(plan(after, patched, { at_ms: 19_000, ahead_ms: 0 })).toEqual({
      do: 'rest',
      complete: false,
    });
  });
});

describe('a live replay', () => {
  it('is never complete and goes on where it stood', () => {
    const live = index({
      generation: null,
      frames: [],
      hot: [block('a', 1_000, 20_000, true)],
      live: true,
    });
    const { steps, loaded } = readAll(live, 20_000, 60_000);
    expect(steps.at(-1)).toEqual({ do: 'rest', complete: false });
    const grown = index({
      generation: null,
      frames: [],
      hot: [block('a', 1_000, 20_000, true), block('b', 20_400, 24_000)],
      live: true,
    });
    expect(plan(grown, loaded, { at_ms: 20_000, ahead_ms: 60_000 })).toEqual({
      do: 'append',
      fetch: { kind: 'events', from_ms: 20_000, to_ms: null, snapshot: false },
    });
  });
});
