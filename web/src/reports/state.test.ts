import { expect, it } from 'vitest';
import * as fc from 'fast-check';

import { OPERATORS, UNITS, askedConditions, daysOf, moved, unwatched } from './parts';
import {
  CHARTS,
  COUNTS,
  FUNCTIONS,
  type FunnelState,
  type InsightsState,
  WINDOW_UNITS,
  daysBefore,
  funnelBody,
  funnelSearch,
  insightsBody,
  insightsSearch,
  readFunnel,
  readFunnelPoint,
  readInsights,
  readInsightsPoint,
  used,
  withSteps,
  withoutMetric,
  writeFunnel,
  writeInsights,
  zoomed,
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

const step = fc.record({ event: word, filters });
const funnel: fc.Arbitrary<FunnelState> = fc
  .record({
    steps: fc.array(step, { minLength: 4, maxLength: 20 }),
    exclusions: fc.array(
      fc.oneof(
        step,
        fc.record({ event: word, filters, after: fc.constant(2), before: fc.constant(3) }),
      ),
      { maxLength: 3 },
    ),
    hold: fc.uniqueArray(word, { maxLength: 3 }),
    filters,
    breakdown: fc.option(property),
    window: fc.record({
      value: fc.integer({ min: 1, max: 999_999 }),
      unit: fc.constantFrom(...WINDOW_UNITS),
    }),
    order: fc.constantFrom('specific', 'any'),
    count: fc.constantFrom('unique', 'total'),
    range,
    trend: fc.option(fc.constantFrom(...UNITS)),
  })
  .map((state) => (state.order === 'any' ? { ...state, count: 'unique' } : state));

const through = (search: object) =>
  Object.fromEntries(
    new URLSearchParams(Object.entries(search).map(([name, value]) => [name, String(value)])),
  );

it('keeps the whole of a report in its address', () => {
  fc.assert(
    fc.property(insights, (state) => {
      expect(readInsights(through(writeInsights(state)))).toEqual(state);
    }),
  );
  fc.assert(
    fc.property(funnel, (state) => {
      expect(readFunnel(through(writeFunnel(state)))).toEqual(state);
    }),
  );
});

it('reads any address without failing, and the same again once it is written', () => {
  const raw = fc.dictionary(
    fc.constantFrom(
      ...['metrics', 'formulas', 'steps', 'exclusions', 'hold', 'filters', 'unit', 'trend', 'last'],
      ...['from', 'window', 'point', 'show', 't'],
    ),
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

it('calculates with the same metrics when another goes', () => {
  const state = readInsights({
    metrics: '[{"event":"A"},{"event":"B","hidden":true},{"event":"C"}]',
    formulas: '[{"formula":"a / C","name":"Share"},{"formula":"B * 2"}]',
  });
  expect(used('a / (C - 2)')).toEqual([0, 2]);
  const next = withoutMetric(state, 1);
  expect(next.metrics.map((one) => one.event)).toEqual(['A', 'C']);
  expect(next.formulas).toEqual([{ formula: 'A / B', name: 'Share' }]);
  // Without a formula nothing hides behind one.
  const plain = withoutMetric(state, 0);
  expect(plain.formulas).toEqual([{ formula: 'A * 2' }]);
  expect(withoutMetric(plain, 0)).toMatchObject({
    metrics: [{ event: 'C' }],
    formulas: [],
  });
});

it('compares with as many days before', () => {
  expect(daysBefore({ from: '2026-03-01', to: '2026-03-07' })).toEqual({
    from: '2026-02-22',
    to: '2026-02-28',
  });
});

it('takes the days that were drawn over, in a unit that shows something', () => {
  const state = readInsights({ metrics: '[{"event":"A"}]' });
  expect(zoomed(state, '2026-11-03T00:00:00Z', '2026-11-12T00:00:00Z')).toMatchObject({
    range: { from: '2026-11-03', to: '2026-11-12' },
    unit: 'day',
  });
  expect(zoomed(state, '2026-11-03T00:00:00Z', '2026-11-04T00:00:00Z').unit).toBe('hour');
  const months = { ...state, unit: 'month' as const };
  expect(zoomed(months, '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z')).toMatchObject({
    range: { from: '2026-01-01', to: '2026-02-28' },
    unit: 'month',
  });
  const weeks = { ...state, unit: 'week' as const };
  expect(zoomed(weeks, '2026-11-02T00:00:00Z', '2026-11-09T00:00:00Z')).toMatchObject({
    range: { from: '2026-11-02', to: '2026-11-15' },
    unit: 'day',
  });
});

it('keeps exclusions between steps that there are', () => {
  const state = readFunnel({
    steps: '[{"event":"A"},{"event":"B"},{"event":"C"},{"event":"D"}]',
    exclusions: '[{"event":"X","after":2,"before":3},{"event":"Y","after":9,"before":"2"}]',
  });
  expect(state.exclusions).toEqual([
    { event: 'X', filters: [], after: 2, before: 3 },
    { event: 'Y', filters: [] },
  ]);
  expect(withSteps(state, state.steps.slice(0, 3)).exclusions[0]).toEqual({
    event: 'X',
    filters: [],
    after: 2,
  });
});
