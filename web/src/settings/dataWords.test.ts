import { expect, it } from 'vitest';

import type { DataRequest, Target } from '../api/governance';
import {
  aroundId,
  byStore,
  countedOf,
  daysFault,
  deleteLabel,
  expiring,
  idsIn,
  listed,
  oneList,
  whatGoes,
} from './dataWords';

const request = (request_id: string, created_at: string) =>
  ({ request_id, created_at }) as DataRequest;

it('lists as people do', () => {
  expect(['a', 'b', 'c'].map((_, i, all) => listed(all.slice(0, i + 1)))).toEqual([
    'a',
    'a and b',
    'a, b and c',
  ]);
  expect(listed([])).toBe('');
});

it('takes ids as they are pasted, each once', () => {
  expect(idsIn(' ada \n\nbruno, chiara;ada\r\n')).toEqual(['ada', 'bruno', 'chiara']);
});

it('shows no request below one that is not loaded yet', () => {
  const deletions = {
    rows: [request('d2', '2026-11-22'), request('d1', '2026-11-20')],
    more: true,
  };
  const retrievals = {
    rows: [request('r3', '2026-11-23'), request('r2', '2026-11-21'), request('r1', '2026-11-01')],
    more: false,
  };
  const ids = (rows: DataRequest[]) => rows.map((row) => row.request_id);
  expect(ids(oneList([deletions, retrievals]))).toEqual(['r3', 'd2', 'r2', 'd1']);
  expect(ids(oneList([{ ...deletions, more: false }, retrievals])).at(-1)).toBe('r1');
});

it('says on the button what goes', () => {
  const preview = { people: 1, replays: 12, events: 1_204, profiles: 1, message: '' };
  const person: Target = { what: 'person', distinct_ids: ['ada'] };
  expect(whatGoes(preview)).toBe('12 replays, 1,204 events and 1 profile');
  expect(deleteLabel(person, preview)).toBe('Delete 12 replays, 1,204 events and 1 profile');
  expect(deleteLabel({ what: 'replays', replay_ids: ['a'] }, undefined)).toBe('Delete 1 replay');
  const nothing = { people: 0, replays: 0, events: 0, profiles: 0, message: '' };
  expect(deleteLabel(person, nothing)).toBe('Delete all the same');
});

it('names each store of a receipt once', () => {
  const line = (store: string, what: string) => ({ store, what, count: 1 });
  const stores = byStore([line('blobs', 'a'), line('analytics', 'b'), line('blobs', 'c')]);
  expect(stores.map(([store, lines]) => [store, lines.map((one) => one.what).join()])).toEqual([
    ['blobs', 'a,c'],
    ['analytics', 'b'],
  ]);
});

it('keeps days within what the server takes', () => {
  const days = { replay_days: 30, event_days: null, bookmark_days: null };
  expect(daysFault(days)).toBeNull();
  for (const replay_days of [0, 3_651, 1.5, NaN])
    expect(daysFault({ ...days, replay_days })).toMatch('whole days');
  expect(daysFault({ ...days, bookmark_days: 7 })).toMatch('Bookmarked');
});

it('counts what a change lets go', () => {
  const at = '2026-11-25T03:00:00Z';
  expect(expiring({ replays_to_delete: 12_304, events_to_delete: 1, at, message: '' })).toBe(
    '12,304 replays and 1 event',
  );
  expect(expiring({ replays_to_delete: 0, events_to_delete: 0, at, message: '' })).toBe('');
});

it('finds the id in a sentence', () => {
  expect(aroundId('Emi watched the replay 0192f3a0.', '0192f3a0')).toEqual([
    'Emi watched the replay ',
    '0192f3a0',
    '.',
  ]);
  expect(aroundId('Emi exported events.', '')).toEqual(['Emi exported events.', '', '']);
});

it('counts of a target only what it can be in', () => {
  const counts = (target: Target) => countedOf(target).map(([count]) => count);
  expect(counts({ what: 'person', distinct_ids: ['ada'] })).toHaveLength(4);
  expect(counts({ what: 'event', event: 'View Item' })).toEqual(['events']);
  expect(counts({ what: 'property', property: 'plan', of: 'profile' })).toEqual(['profiles']);
  expect(counts({ what: 'stretch', replay_id: 'r', from_ms: 0, to_ms: 1 })).toEqual(['replays']);
});
