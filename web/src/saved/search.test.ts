import fc from 'fast-check';
import { expect, it } from 'vitest';

import { asksSomething, namedSearch, questionOf } from './search';

const METRICS = JSON.stringify([{ event: 'Checkout' }]);

it('knows the same question in any order, with defaults written out or not', () => {
  const one = questionOf(
    'insights',
    new URLSearchParams({ metrics: METRICS, unit: 'week' }).toString(),
  );
  const other = questionOf('insights', { unit: 'week', last: 30, metrics: METRICS, report: 'r1' });
  expect(one).toBe(other);
  expect(questionOf('insights', { metrics: METRICS })).not.toBe(one);
});

it('takes what is watched over a report for no change of it', () => {
  const point = JSON.stringify({ metric: 0 });
  const watched = { metrics: METRICS, point, replay: 'x', t: 5, tab: 'info', theatre: true };
  expect(questionOf('insights', watched)).toBe(questionOf('insights', { metrics: METRICS }));
  expect(questionOf('replays', { has_error: true, t: 5, tab: 'info', report: 'r1' })).toBe(
    'has_error=true',
  );
});

it('reads its own text back to the same question', () => {
  const typed = fc.dictionary(
    fc.constantFrom('q', 'url', 'event', 'has_error', 'from', 'steps', 'any_order'),
    fc.oneof(fc.string(), fc.constant('true')),
  );
  fc.assert(
    fc.property(fc.constantFrom('replays', 'funnel', 'flows'), typed, (kind, search) => {
      const asked = questionOf(kind, search);
      expect(questionOf(kind, asked)).toBe(asked);
    }),
  );
});

it('has nothing to save before something is asked', () => {
  expect(asksSomething('funnel', { last: 7 })).toBe(false);
  expect(asksSomething('funnel', { steps: JSON.stringify([{ event: 'A' }]) })).toBe(true);
  expect(asksSomething('replays', { report: 'r1', t: 5 })).toBe(false);
  expect(asksSomething('replays', { has_rage_click: true })).toBe(true);
});

it('keeps only the name of an address', () => {
  expect(namedSearch({ report: 'r1', metrics: METRICS })).toEqual({ report: 'r1' });
  expect(namedSearch({ report: '' })).toEqual({});
});
