import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Card } from '../api/saved';
import { movedTo, rangedSearch, stepped, withCard, without } from './cards';

const cards: Card[] = ['a', 'b', 'c'].map((card_id) => ({
  card_id,
  report_id: `report-${card_id}`,
  text: null,
  width: 1,
}));
const ids = (list: Card[]) => list.map((card) => card.card_id).join('');

it('moves a card to the place of another', () => {
  expect(ids(movedTo(cards, 'a', 'c'))).toBe('bca');
  expect(ids(movedTo(cards, 'c', 'a'))).toBe('cab');
  expect(movedTo(cards, 'a', 'gone')).toBe(cards);
});

it('steps a card, but not over the edge', () => {
  expect(ids(stepped(cards, 'b', -1))).toBe('bac');
  expect(ids(stepped(cards, 'b', 1))).toBe('acb');
  expect(stepped(cards, 'a', -1)).toBe(cards);
  expect(stepped(cards, 'c', 1)).toBe(cards);
});

it('loses and doubles no card, however they are moved', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'gone');
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id)), (moves) => {
      const after = moves.reduce((list, [one, other]) => movedTo(list, one, other), cards);
      expect([...ids(after)].sort().join('')).toBe('abc');
    }),
  );
});

it('changes one card and removes one card', () => {
  expect(withCard(cards, 'b', { width: 3 }).map((card) => card.width)).toEqual([1, 3, 1]);
  expect(ids(without(cards, 'b'))).toBe('ac');
});

it('asks for the board’s days instead of a report’s own', () => {
  expect(rangedSearch('from=2026-11-01&to=2026-11-02&unit=week', 7)).toBe('unit=week&last=7');
  expect(rangedSearch('last=90', undefined)).toBe('last=90');
});
