/**
 * Which replay and which visit a page belongs to. Both are decided synchronously, before the recorder is loaded, so that the
 * first page view already carries its replay.
 */

/** One tab's replay, in sessionStorage. `open` says that a page shows it: a copy of the tab finds it open and leaves it. */
export interface Replay {
  id: string;
  tab: string;
  start: number;
  last: number;
  open: boolean;
}

/** One visit, in localStorage, shared by the tabs. `roll` is the visit's lot for sampling, 0 to 100. */
export interface Visit {
  id: string;
  start: number;
  last: number;
  roll: number;
}

export interface Limits {
  idleMs: number;
  maxMs: number;
}

export const expired = (s: { start: number; last: number }, now: number, limits: Limits): boolean =>
  now - s.last > limits.idleMs || now - s.start > limits.maxMs || s.last > now + 86_400_000;

export function nextReplay(
  stored: Replay | null,
  now: number,
  limits: Limits,
  uuid: () => string,
): { replay: Replay; fresh: boolean } {
  if (stored && !stored.open && !expired(stored, now, limits))
    return { replay: { ...stored, last: now, open: true }, fresh: false };
  // A tab keeps its name over an expired replay; a copied tab gets a name of its own.
  const tab = stored && !stored.open ? stored.tab : uuid();
  return { replay: { id: uuid(), tab, start: now, last: now, open: true }, fresh: true };
}

export function nextVisit(
  stored: Visit | null,
  now: number,
  limits: Limits,
  uuid: () => string,
  random: () => number = Math.random,
): Visit {
  if (stored && !expired(stored, now, limits)) return { ...stored, last: now };
  return { id: uuid(), start: now, last: now, roll: random() * 100 };
}

/** Sticky per visit: every page of a visit has the same lot. 100 takes everyone, 0 no one. */
export const sampled = (visit: Visit, percent: number): boolean => visit.roll < percent;
