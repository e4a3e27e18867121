import { expect, it } from 'vitest';
import * as fc from 'fast-check';

import {
  COUNTS,
  FUNCTIONS,
  type InsightsState,
  OPERATORS,
  UNITS,
  daysOf,
  funnelBody,
  funnelSearch,
  insightsBody,
  insightsSearch,
  moved,
  readFunnel,
  readFunnelPoint,
  readInsights,
  readInsightsPoint,
  unwatched,
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
const filters = fc.array(filter, { maxLength: 3 });
const day = fc.integer({ min: 0, max: 9_999 }).map((n) => daysOf({ last: 1 }, n * 86_400_000).to);
const range = fc.oneof(
  fc.integer({ min: 1, max: 3_660 }).map((last) => ({ last })),
  fc.record({ from: day, to: day }),
);
const measure = fc.oneof(
  fc.constantFrom(...COUNTS),
  fc.record({ aggregate: fc.constantFrom(...FUNCTIONS), property: word }),
);
const insights: fc.Arbitrary<InsightsState> = fc.record({
  metrics: fc.array(fc.record({ event: word, measure, filters }), { maxLength: 10 }),
  filters,
  breakdown: fc.option(property),
  unit: fc.constantFrom(...UNITS),
  range,
  chart: fc.constantFrom('line', 'bar'),
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
  expect(insightsBody(state, NOW)).toEqual({
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
  expect(funnelBody(funnel, NOW)).toEqual({
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
