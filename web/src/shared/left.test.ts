import { expect, it } from 'vitest';

import { leftOf } from './left';

const now = Date.parse('2026-11-22T12:00:00Z');

it.each([
  ['2026-11-22T12:00:30Z', 'for less than a minute'],
  ['2026-11-22T12:01:00Z', 'for 1 more minute'],
  ['2026-11-22T13:29:00Z', 'for 1 more hour'],
  ['2026-11-22T13:59:00Z', 'for 2 more hours'],
  ['2026-11-24T11:00:00Z', 'for 47 more hours'],
  ['2026-11-29T12:00:00Z', 'for 7 more days'],
  ['2026-11-29T11:59:00Z', 'for 7 more days'],
  ['2026-11-22T11:00:00Z', 'for less than a minute'],
])('says how long a link works that ends at %s', (time, said) => {
  expect(leftOf(time, now)).toBe(said);
});
