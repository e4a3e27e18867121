import { expect, it } from 'vitest';

import { firstToShow, nextMatch, placeOf } from './matches';

const sample = (at_ms: number, where = 'text') => ({ at_ms, where, before: 'a', after: '*' });

it('goes from match to match, each once, however they are ordered', () => {
  const samples = [sample(5_000), sample(1_000), sample(5_000)];
  const first = nextMatch(samples, 0, 1) as number;
  expect(first).toBe(placeOf(sample(1_000)));
  const second = nextMatch(samples, first, 1) as number;
  expect(second).toBe(placeOf(sample(5_000)));
  expect(nextMatch(samples, second, 1)).toBeNull();
  expect(nextMatch(samples, second, -1)).toBe(first);
  expect(nextMatch([], 0, 1)).toBeNull();
});

it('shows text before attributes', () => {
  expect(firstToShow([sample(1, 'attribute title'), sample(2)])?.at_ms).toBe(2);
  expect(firstToShow([sample(1, 'url')])?.at_ms).toBe(1);
  expect(firstToShow([])).toBeUndefined();
});
