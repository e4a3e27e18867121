import { expect, it } from 'vitest';

import { beginAt, endAt, lengthOf, stretchAround } from './stretch';

it('begins with the seconds around the playhead, within the replay', () => {
  expect(stretchAround(60_000, 0, 90_000)).toEqual([55_000, 65_000]);
  expect(stretchAround(1_000, 0, 90_000)).toEqual([0, 6_000]);
  expect(stretchAround(89_000, 0, 90_000)).toEqual([84_000, 90_000]);
});

it('never turns around', () => {
  expect(beginAt([10, 20], 15, 90)).toEqual([15, 20]);
  expect(beginAt([10, 20], 25, 90)).toEqual([25, 90]);
  expect(endAt([10, 20], 15, 0)).toEqual([10, 15]);
  expect(endAt([10, 20], 5, 0)).toEqual([0, 5]);
});

it('is as long as its ends on the clock are apart', () => {
  expect(lengthOf([10_400, 16_300], 10_400)).toBe(5_000);
  expect(lengthOf([10_900, 12_500], 10_400)).toBe(2_000);
});
