/** Properties as people read them: no brackets and quotes of JSON. */

import { exact } from '../lib/format';

export interface PropertyRow {
  /** Where a nested value stands: `address.city`, `items[0].name`. */
  path: string;
  value: string;
  /** Set by the SDK or the server, not by the site. */
  own: boolean;
}

const DEEP = 6;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One value in a few words. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    if (value === '') return '(empty)';
    return TIME.test(value) && !Number.isNaN(Date.parse(value)) ? exact(value) : value;
  }
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.map(valueText).join(', ');
  const parts = Object.entries(value).map(([name, one]) => `${name}: ${valueText(one)}`);
  return parts.length === 0 ? '(none)' : parts.join(', ');
}

function rows(path: string, value: unknown, deep: number): [string, string][] {
  if (deep < DEEP && isRecord(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([name, one]) =>
      rows(path === '' ? name : `${path}.${name}`, one, deep + 1),
    );
  if (deep < DEEP && Array.isArray(value) && value.some(isRecord))
    return value.flatMap((one, i) => rows(`${path}[${i}]`, one, deep + 1));
  return [[path, valueText(value)]];
}

/** The site's own properties first, each by its name. */
export function propertyRows(properties: Record<string, unknown>): PropertyRow[] {
  return Object.entries(properties)
    .flatMap(([name, value]) => rows(name, value, 1))
    .map(([path, value]) => ({ path, value, own: !isStandard(path) }))
    .sort(
      (one, other) =>
        Number(other.own) - Number(one.own) || one.path.localeCompare(other.path, 'en'),
    );
}

/** Names that events carry without the site's doing. */
const STANDARD = new Set(['distinct_id', 'time', 'token', 'current_domain', 'current_page_title']);
const STANDARD_BEGINNING = /^(\$|mp_|current_url_)/;
const isStandard = (path: string) => STANDARD_BEGINNING.test(path) || STANDARD.has(path);

/** What is worth a line beside an event's name: where it was, or what the site says of it. */
export function gist(properties: Record<string, unknown>, most = 3): string {
  const told = propertyRows(properties).filter((row) => row.own && row.value !== '–');
  return told
    .slice(0, most)
    .map((row) => `${row.path} ${row.value}`)
    .join(' · ');
}
