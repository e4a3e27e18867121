import { describe, expect, it } from 'vitest';

import type { RecordingIndex } from '../api/types';
import type { Fetch } from './plan';
import { readAhead } from './readAhead';

const INDEX: RecordingIndex = {
  replay_id: 'r',
  status: 'ready',
  live: false,
  generation: 1,
  first_ms: 0,
  last_ms: 2_000,
  frames: [
    { n: 0, first_ms: 0, last_ms: 1_000, full_snapshots: [0], bytes: 10, events: 2 },
    { n: 1, first_ms: 1_001, last_ms: 2_000, full_snapshots: [1_001], bytes: 10, events: 2 },
  ],
  hot: [],
};
const frame = (n: number): Fetch => ({ kind: 'frame', generation: 1, n });

function counted(fails = false) {
  const asked: string[] = [];
  const answer = <T>(what: string, value: T) => {
    asked.push(what);
    return fails ? Promise.reject(new Error(what)) : Promise.resolve(value);
  };
  return {
    asked,
    source: {
      index: () => answer('index', INDEX),
      bytes: (fetch: Fetch) =>
        answer(fetch.kind === 'frame' ? `frame ${fetch.n}` : 'events', new ArrayBuffer(8)),
      watching: () => Promise.resolve(),
    },
  };
}

describe('reading ahead', () => {
  it('has the index and the frame of the moment when they are asked for', async () => {
    const { asked, source } = counted();
    const ahead = readAhead(source, 1_500);
    await ahead.index();
    await ahead.bytes(frame(1));
    expect(asked).toEqual(['index', 'frame 1']);
    await ahead.index();
    await ahead.bytes(frame(1));
    expect(asked).toEqual(['index', 'frame 1', 'index', 'frame 1']);
  });

  it('fetches what else is asked for', async () => {
    const { asked, source } = counted();
    await readAhead(source, null).bytes(frame(1));
    expect(asked).toEqual(['index', 'frame 0', 'frame 1']);
  });

  it('tells of a failure when it is asked, and asks again after it', async () => {
    const { asked, source } = counted(true);
    const ahead = readAhead(source, null);
    await expect(ahead.index()).rejects.toThrow('index');
    await expect(ahead.bytes(frame(0))).rejects.toThrow('frame 0');
    expect(asked).toEqual(['index', 'frame 0']);
  });
});
