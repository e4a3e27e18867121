import { expect, it } from 'vitest';

import type { Person } from '../api/types';
import { cellOf, columnName, valueOf } from './columns';
import {
  profileSearch,
  question,
  readProfile,
  readUsers,
  sortedBy,
  usersSearch,
  writeUsers,
} from './state';

it('keeps the whole list in its address, and nothing that is usual', () => {
  expect(usersSearch({})).toEqual({});
  const search = {
    q: 'ada',
    filters: JSON.stringify([{ property: 'plan', op: 'eq', value: ['Pro'], of: 'profile' }]),
    columns: JSON.stringify(['plan', 'last_seen']),
    by: 'plan',
    order: 'desc' as const,
    all: true as const,
  };
  expect(writeUsers(readUsers(search))).toEqual(search);
});

it('takes whatever someone typed there', () => {
  expect(
    usersSearch({ q: 7, filters: '{', columns: '["a","a",3]', order: 'up', all: 'no' }),
  ).toEqual({
    columns: '["a"]',
  });
  expect(usersSearch({ columns: '[]' })).toEqual({ columns: '[]' });
});

it('asks only for filters that are finished', () => {
  const state = readUsers({
    filters: JSON.stringify([
      { property: 'plan', op: 'eq' },
      {
        any: [
          { property: 'age', op: 'gt', value: 3 },
          { property: 'vip', op: 'is_true' },
        ],
      },
    ]),
  });
  expect(question(state).filters).toEqual([
    {
      any: [
        { property: 'age', op: 'gt', value: 3 },
        { property: 'vip', op: 'is_true' },
      ],
    },
  ]);
});

it('sorts times from the newest and names from A, and turns round', () => {
  const state = readUsers({});
  expect([state.sort, state.order]).toEqual(['last_seen', 'desc']);
  const byName = sortedBy(state, 'name');
  expect([byName.sort, byName.order]).toEqual(['name', 'asc']);
  expect(sortedBy(byName, 'name').order).toBe('desc');
  expect(sortedBy(byName, 'first_seen').order).toBe('desc');
});

it('reads what a profile shows', () => {
  expect(readProfile({})).toEqual({ last: 30, events: [], hidden: [] });
  expect(readProfile({ last: '7' }).last).toBe(30);
  expect(profileSearch({ last: 'all', hidden: '["$mp_scroll"]', events: '[]' })).toEqual({
    last: 'all',
    hidden: '["$mp_scroll"]',
  });
  expect(profileSearch({ last: '90' })).toEqual({ last: 90 });
});

it('names columns and fills their cells', () => {
  const person: Person = {
    distinct_id: 'u1',
    name: 'Ada',
    email: 'ada@example.com',
    avatar: null,
    properties: { plan: 'Pro', seats: 3, tags: ['a', 'b'] },
    first_seen: null,
    last_seen: '2026-11-24T10:00:00Z',
  };
  expect(['$email', '$city', 'last_seen', 'plan'].map(columnName)).toEqual([
    'E-mail',
    'City',
    'Last seen',
    'plan',
  ]);
  expect(
    ['$email', 'seats', 'tags', 'last_seen', '$city'].map((one) => cellOf(person, one)),
  ).toEqual(['ada@example.com', 3, 'a, b', '2026-11-24T10:00:00Z', null]);
  expect(valueOf(person, '$city')).toBeUndefined();
});
