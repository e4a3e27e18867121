/** What the details of a replay can show. */
export const TABS = ['activity', 'person', 'privacy', 'info'] as const;

/** The search part of an address for another replay: all of it but the place in this one. */
export function withoutTime<Search extends object>(search: Search): Omit<Search, 't'> {
  const rest = { ...search } as Search & { t?: unknown };
  delete rest.t;
  return rest;
}
