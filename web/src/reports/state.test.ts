import { expect, it } from 'vitest';
import * as fc from 'fast-check';

import { OPERATORS, UNITS, askedConditions, daysOf, moved, unwatched } from './parts';
import {
  CHARTS,
  COUNTS,
  FUNCTIONS,
  type InsightsState,
  funnelBody,
  funnelSearch,
  insightsBody,
  insightsSearch,
  readFunnel,
  readFunnelPoint,
  readInsights,
  readInsightsPoint,
  writeFunnel,
  writeInsights,
} from './state';

const NOW = Date.UTC(2026, 10, 22, 13);

const word = fc.string({ minLength: 1 });
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const property = fc.oneof(
  word.filter((text) => !text.startsWith('profile:')).map((text) => ({ property: text })),
  word.map((text) => ({ property: text, of: 'profile' as const })),
);
const filter = fc
  .tuple(property, fc.constantFrom(...OPERATORS), fc.option(fc.oneof(scalar, fc.array(scalar))))
  .map(([of, op, value]) => ({ ...of, op, ...(value === null ? {} : { value }) }));
const any = fc.array(filter, { minLength: 2, maxLength: 3 }).map((any) => ({ any }));
const filters = fc.array(fc.oneof(filter, any), { maxLength: 3 });
const day = fc
  .integer({ min: 0, max: 9_999 })
  .map((n) => daysOf({ last: 1 }, n * 86_400_000, 'UTC').to);
const range = fc.oneof(
  fc.integer({ min: 1, max: 3_660 }).map((last) => ({ last })),
  fc.record({ from: day, to: day }),
);
const measure = fc.oneof(
  fc.constantFrom(...COUNTS),
  fc.record({ aggregate: fc.constantFrom(...FUNCTIONS), property: word }),
);
const insights: fc.Arbitrary<InsightsState> = fc.record({
  metrics: fc.array(
    fc
      .tuple(fc.record({ event: word, measure, filters }), fc.boolean())
      .map(([metric, hidden]) => (hidden ? { ...metric, hidden: true as const } : metric)),
    { maxLength: 10 },
  ),
  formulas: fc.array(
    fc.oneof(fc.record({ formula: fc.string() }), fc.record({ formula: fc.string(), name: word })),
    { maxLength: 5 },
  ),
  filters,
  breakdown: fc.option(property),
  unit: fc.constantFrom(...UNITS),
  range,
  compare: fc.boolean(),
  chart: fc.constantFrom(...CHARTS),
});

it('keeps the whole of a report in its address', () => {
  fc.assert(
    fc.property(insights, (state) => {
      const address = new URLSearchParams(
        Object.entries(writeInsights(state)).map(([name, value]) => [name, String(value)]),
      );
      expect(readInsights(Object.fromEntries(address))).toEqual(state);
    }),
  );
});

it('reads any address without failing, and the same again once it is written', () => {
  const raw = fc.dictionary(
    fc.constantFrom('metrics', 'steps', 'filters', 'unit', 'last', 'from', 'window', 'point', 't'),
    fc.oneof(fc.string(), fc.json(), fc.anything()),
  );
  fc.assert(
    fc.property(raw, (address) => {
      for (const validate of [insightsSearch, funnelSearch]) {
        const once = validate(address);
        expect(validate(once as Record<string, unknown>)).toEqual(once);
      }
    }),
  );
});

it('writes an address without what is usual', () => {
  expect(writeInsights(readInsights({}))).toEqual({});
  expect(writeFunnel(readFunnel({}))).toEqual({});
  const metrics = '[{"event":"Checkout"}]';
  expect(insightsSearch({ metrics, unit: 'day', last: '30', chart: 'line' })).toEqual({ metrics });
});

it('asks the API what the address says', () => {
  const state = readInsights({
    metrics: '[{"event":"Checkout","measure":"unique"}]',
    filters: '[{"property":"$browser","op":"eq","value":["Chrome"]},{"property":"$os","op":"eq"}]',
    breakdown: 'profile:plan',
    last: '7',
  });
  expect(insightsBody(state, NOW, 'UTC')).toEqual({
    from: '2026-11-16',
    to: '2026-11-22',
    unit: 'day',
    metrics: [{ event: 'Checkout', measure: 'unique', filters: [] }],
    filters: [{ property: '$browser', op: 'eq', value: ['Chrome'] }],
    breakdown: { property: 'plan', of: 'profile' },
  });
  const funnel = readFunnel({
    steps: '[{"event":"View Item"},{"event":"Add to Cart"}]',
    window: '2 hour',
    count: 'total',
    from: '2026-11-01',
    to: '2026-11-22',
  });
  expect(funnelBody(funnel, NOW, 'UTC')).toEqual({
    from: '2026-11-01',
    to: '2026-11-22',
    steps: [
      { event: 'View Item', filters: [] },
      { event: 'Add to Cart', filters: [] },
    ],
    filters: [],
    window: { value: 2, unit: 'hour' },
    order: 'specific',
    count: 'total',
  });
});

it('ends the last days with today in the project’s time zone', () => {
  const late = Date.UTC(2026, 10, 22, 23, 30);
  expect(daysOf({ last: 7 }, late, 'UTC')).toEqual({ from: '2026-11-16', to: '2026-11-22' });
  expect(daysOf({ last: 1 }, late, 'Europe/Berlin')).toEqual({
    from: '2026-11-23',
    to: '2026-11-23',
  });
  expect(daysOf({ last: 2 }, NOW - 12 * 3_600_000, 'America/New_York')).toEqual({
    from: '2026-11-20',
    to: '2026-11-21',
  });
});

it('keeps alternatives together, and leaves out those that are not finished', () => {
  const one = { property: '$os', op: 'eq' as const, value: ['iOS'] };
  const unfinished = { property: '$os', op: 'between' as const, value: [1] };
  expect(askedConditions([{ any: [one, one] }, { any: [one, unfinished] }, unfinished])).toEqual([
    { any: [one, one] },
    one,
  ]);
  expect(readInsights({ filters: JSON.stringify([{ any: [one] }, { any: [] }]) }).filters).toEqual([
    one,
  ]);
});

it('counts every attempt only in the given order', () => {
  expect(readFunnel({ any_order: 'true', count: 'total' }).count).toBe('unique');
});

it('reads points, and nothing from what is none', () => {
  expect(readInsightsPoint('{"metric":1,"t":"2026-11-01T00:00:00Z","segment":""}')).toEqual({
    metric: 1,
    segment: '',
    t: '2026-11-01T00:00:00Z',
  });
  expect(readInsightsPoint('{"metric":-1}')).toBeNull();
  expect(readInsightsPoint('all')).toBeNull();
  expect(readFunnelPoint('{"step":2,"outcome":"dropped","segment":null}')).toEqual({
    step: 2,
    outcome: 'dropped',
  });
  expect(readFunnelPoint('{"step":2,"outcome":"lost"}')).toBeNull();
});

it('goes back to the report as it was', () => {
  const point = '{"metric":0}';
  const search = { metrics: '[{"event":"A"}]', unit: 'week' as const };
  const watched = insightsSearch({ ...search, point, replay: 'r1', t: '5', tab: 'person' });
  expect(watched).toEqual({ ...search, point, replay: 'r1', t: 5, tab: 'person' });
  expect(unwatched(watched)).toEqual(search);
  // A replay is watched for a point, or not here.
  expect(insightsSearch({ ...search, replay: 'r1', t: '5' })).toEqual(search);
});

it('moves a step', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
});
