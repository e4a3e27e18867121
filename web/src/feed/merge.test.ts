import { describe, expect, it } from 'vitest';

import type { FeedRow } from '../api/types';
import { merge } from './merge';

const row = (replay_id: string, started_at: string, change: Partial<FeedRow> = {}) =>
  ({ replay_id, started_at, duration_ms: 1, ...change }) as FeedRow;
const none = new Set<string>();
const ids = (rows: FeedRow[]) => rows.map((one) => one.replay_id).join('');

describe('the feed with what is newest', () => {
  const held = [row('b', '2'), row('a', '1')];

  it('puts new replays on top and renews known ones in place', () => {
    const merged = merge(held, [row('c', '3'), row('b', '2', { duration_ms: 9 })], true, none);
    expect(ids(merged)).toBe('cba');
    expect(merged[1]?.duration_ms).toBe(9);
  });

  it('adds nothing on top in another order', () => {
    expect(ids(merge(held, [row('c', '3')], false, none))).toBe('ba');
  });

  it('shows each once, and nothing deleted', () => {
    expect(ids(merge([...held, row('a', '1')], [], true, none))).toBe('ba');
    expect(ids(merge(held, [row('b', '2')], true, new Set(['b'])))).toBe('a');
  });
});
