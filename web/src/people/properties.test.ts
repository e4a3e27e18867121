import { expect, it } from 'vitest';

import { gist, propertyRows, valueText } from './properties';

it('writes values without the signs of JSON', () => {
  expect(
    [null, true, 12.5, '', 'mug', [], ['a', 2], { size: 'L', left: 0 }].map(valueText),
  ).toEqual(['–', 'yes', '12.5', '(empty)', 'mug', '(none)', 'a, 2', 'size: L, left: 0']);
});

it('gives every nested value a row of its own, the site’s before the SDK’s', () => {
  const found = propertyRows({
    $os: 'Linux',
    plan: 'Pro',
    address: { city: 'Lund', lines: ['1', '2'] },
    items: [{ name: 'mug' }, { name: 'cup' }],
    empty: {},
  });
  expect(found.map((row) => [row.path, row.value])).toEqual([
    ['address.city', 'Lund'],
    ['address.lines', '1, 2'],
    ['empty', '(none)'],
    ['items[0].name', 'mug'],
    ['items[1].name', 'cup'],
    ['plan', 'Pro'],
    ['$os', 'Linux'],
  ]);
});

it('does not follow a value for ever', () => {
  let deep: unknown = 'end';
  for (let i = 0; i < 40; i++) deep = { next: deep };
  expect(propertyRows({ deep })).toHaveLength(1);
});

it('says the gist of an event', () => {
  expect(gist({ $browser: 'Chrome', item: 'Mug', price: 18, note: null })).toBe(
    'item Mug · price 18',
  );
});
