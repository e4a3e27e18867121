/** What the details of a replay can show. */
export const TABS = ['activity', 'person', 'privacy', 'info'] as const;

/** The search part of an address for another replay: all of it but the place in this one. */
export function withoutTime<Search extends object>(search: Search): Omit<Search, 't'> {
  const rest = { ...search } as Search & { t?: unknown };
  delete rest.t;
  return rest;
}

export type Raw = Record<string, unknown>;

export const text = (raw: Raw, name: string) =>
  typeof raw[name] === 'string' ? raw[name] : undefined;
export const flag = (raw: Raw, name: string) =>
  raw[name] === 'true' || raw[name] === true ? true : undefined;
export const number = (raw: Raw, name: string) => {
  const value = Number(raw[name]);
  return raw[name] !== undefined && raw[name] !== '' && Number.isFinite(value) ? value : undefined;
};
export const oneOf = <T extends string>(raw: Raw, name: string, values: readonly T[]) =>
  values.find((value) => value === raw[name]);

/** Only what is given. */
export function given<Search extends object>(
  search: Search,
): { [Name in keyof Search]?: NonNullable<Search[Name]> } {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [Name in keyof Search]?: NonNullable<Search[Name]> };
}

/** Plain `?name=value`, readable and writable by hand. */
export const parseSearch = (query: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(query));

export function stringifySearch(search: Raw): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' || typeof value === 'number' || value === true)
      params.set(name, String(value));
  }
  return params.toString();
}
