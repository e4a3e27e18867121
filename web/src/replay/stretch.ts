import type { Stretch } from '../api/types';

/** Where a stretch that shall go begins when nobody has said it yet: the seconds around the playhead. */
const AROUND_MS = 5_000;

export function stretchAround(at_ms: number, first_ms: number, last_ms: number): Stretch {
  return [Math.max(first_ms, at_ms - AROUND_MS), Math.min(last_ms, at_ms + AROUND_MS)];
}

/** A stretch's length as its ends are read off the clock: from 0:00 to 0:05 is 5 s, whatever the fractions. */
export const lengthOf = ([from_ms, to_ms]: Stretch, first_ms: number): number => {
  const second = (at_ms: number) => Math.floor((at_ms - first_ms) / 1_000);
  return (second(to_ms) - second(from_ms)) * 1_000;
};

/** The stretch with another beginning; behind its end it goes on to the end of the replay. */
export const beginAt = ([, to_ms]: Stretch, at_ms: number, last_ms: number): Stretch =>
  at_ms < to_ms ? [at_ms, to_ms] : [at_ms, last_ms];

/** The stretch with another end; before its beginning it begins with the replay. */
export const endAt = ([from_ms]: Stretch, at_ms: number, first_ms: number): Stretch =>
  at_ms > from_ms ? [from_ms, at_ms] : [first_ms, at_ms];
