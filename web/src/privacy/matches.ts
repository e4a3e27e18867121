import type { PreviewSample } from '../api/types';

/** A moment after it, what a match is in has been drawn. */
const DRAWN_MS = 150;

/** Where to look at a match. */
export const placeOf = (sample: PreviewSample): number => sample.at_ms + DRAWN_MS;

/** The match to show first: text on the page says more than an attribute that nobody sees. */
export const firstToShow = (samples: PreviewSample[]): PreviewSample | undefined =>
  samples.find((one) => one.where === 'text') ?? samples[0];

/** Where the next or the previous match is. */
export function nextMatch(
  samples: PreviewSample[],
  at_ms: number,
  direction: 1 | -1,
): number | null {
  const places = samples.map(placeOf).sort((a, b) => a - b);
  const to =
    direction === 1
      ? places.find((place) => place > at_ms + 50)
      : places.findLast((place) => place < at_ms - 50);
  return to ?? null;
}
