/** The Users table's columns: what stands in their heads and cells, on the screen and in a file. */

import type { Person } from '../api/types';
import type { Cell } from '../lib/download';
import { propertyName } from '../lib/format';
import { valueText } from './properties';
import { OWN_COLUMNS } from './state';

const isOwn = (column: string): column is keyof typeof OWN_COLUMNS => column in OWN_COLUMNS;

const NAMES: Record<string, string> = {
  $email: 'E-mail',
  $country_code: 'Country',
  mp_country_code: 'Country',
};

export function columnName(column: string): string {
  if (isOwn(column)) return OWN_COLUMNS[column];
  return NAMES[column] ?? propertyName(column);
}

/** The value as it came; for properties that nobody set undefined. */
export function valueOf(person: Person, column: string): unknown {
  if (isOwn(column)) return person[column];
  if (column === '$email') return person.email ?? undefined;
  return person.properties[column];
}

/** For a file: numbers stay numbers, times stay as the API writes them. */
export function cellOf(person: Person, column: string): Cell {
  const value = valueOf(person, column);
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  return valueText(value);
}
