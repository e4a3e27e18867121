import type { Marker } from '../api/types';
import { tellsMore } from './activity';

/** Seeking to a marker lands this long before it, so that one sees what led to it. */
export const LEAD_MS = 1_000;

/** Where `n` and `p` lead: the next or previous sign that has something to tell. */
export function steps(markers: Marker[], at_ms: number, direction: 1 | -1): number | null {
  const places = markers
    .filter((marker) => marker.kind !== 'click' && marker.kind !== 'input' && tellsMore(marker))
    .map((marker) => marker.at_ms - LEAD_MS);
  const to =
    direction === 1
      ? places.find((place) => place > at_ms + 50)
      : places.findLast((place) => place < at_ms - LEAD_MS);
  return to ?? null;
}
