import { expect, it } from 'vitest';

import type { Entry } from '../api/lexicon';
import { ordered } from './order';

const entry = (name: string, count: number, last_seen: string | null = null): Entry => ({
  ...{ name, count, last_seen, types: [], first_seen: null, description: null, hidden: false },
});
const names = (entries: Entry[]) => entries.map((one) => one.name);

const ENTRIES = [
  entry('Search', 5, '2026-11-20T00:00:00Z'),
  entry('$mp_web_page_view', 90, '2026-11-22T00:00:00Z'),
  entry('Checkout', 5),
];

it('puts the most frequent first, and names what is equal by name', () => {
  expect(names(ordered(ENTRIES, 'count', false))).toEqual([
    '$mp_web_page_view',
    'Checkout',
    'Search',
  ]);
});

it('orders by name as people say it', () => {
  expect(names(ordered(ENTRIES, 'name', true))).toEqual([
    'Checkout',
    'Search',
    '$mp_web_page_view',
  ]);
  expect(names(ordered(ENTRIES, 'name', false))).toEqual([
    '$mp_web_page_view',
    'Search',
    'Checkout',
  ]);
});

it('leaves what was never seen at the end, both ways', () => {
  expect(names(ordered(ENTRIES, 'last_seen', true)).at(-1)).toBe('Checkout');
  expect(names(ordered(ENTRIES, 'last_seen', false)).at(-1)).toBe('Checkout');
});
