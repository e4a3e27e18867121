import { expect, it } from 'vitest';

import { replaysSearch } from '../feed/search';
import { ruleSearch } from '../routes';
import { ago, bytes, clock, count, path, personLabel, propertyName, spell, when } from './format';

it('writes durations', () => {
  expect([0, 83_400, 3_723_000].map(clock)).toEqual(['0:00', '1:23', '1:02:03']);
  expect([48_000, 240_000, 3_720_000].map(spell)).toEqual(['48 s', '4 min', '1 h 2 min']);
});

it('writes numbers and sizes', () => {
  expect([812, 9_999, 12_400, 3_100_000].map(count)).toEqual(['812', '9,999', '12.4 k', '3.1 M']);
  expect([812, 48_211, 1_600_000].map(bytes)).toEqual(['812 B', '48 KB', '1.6 MB']);
});

it('writes how long ago', () => {
  const now = new Date(2026, 10, 22, 12).getTime();
  expect([10, 240, 10_800, 172_800].map((s) => ago(now - s * 1000, now))).toEqual([
    'now',
    '4 min',
    '3 h',
    '2 d',
  ]);
  expect([10, 240, 8 * 86_400].map((s) => when(now - s * 1000, now))).toEqual([
    'just now',
    '4 min ago',
    'on 14 Nov',
  ]);
});

it('calls properties what people call them', () => {
  expect(['$os', '$browser_version', 'plan_name', '$'].map(propertyName)).toEqual([
    'OS',
    'Browser version',
    'plan_name',
    '',
  ]);
});

it('names pages and people', () => {
  expect(path('https://a.example/b?c=1')).toBe('/b?c=1');
  expect(path('not an address')).toBe('not an address');
  const person = { distinct_id: '$device:0f3a9c11', name: null, email: null };
  expect(personLabel(person)).toBe('Visitor 0f3a9c');
  expect(personLabel({ ...person, distinct_id: '' })).toBe('Unknown visitor');
  expect(personLabel({ ...person, email: 'ada@example.com' })).toBe('ada@example.com');
});

it('reads the address of a Replays screen, whatever someone typed there', () => {
  expect(
    replaysSearch({ t: '1795341600000', has_error: 'true', sort: 'size', order: 'asc', q: '' }),
  ).toEqual({
    t: 1795341600000,
    has_error: true,
    order: 'asc',
  });
  expect(replaysSearch({ t: 'soon' })).toEqual({});
});

it('reads a rule that is being made from its address', () => {
  const expression = String.raw`ORD-\d{4}&x=1`;
  expect(ruleSearch({ kind: 'mask', expression, note: '', t: '5', view: 'other' })).toEqual({
    kind: 'mask',
    expression,
    t: 5,
  });
  expect(ruleSearch({ kind: 'hide', replay: 7 })).toEqual({});
});
