import { expect, it } from 'vitest';

import { readFunnel, readInsights } from './state';
import {
  binText,
  bucketLabel,
  changeText,
  conditionText,
  eventLabel,
  filterText,
  funnelPointText,
  insightsPointText,
  measureName,
  percent,
  rangeLabel,
  seriesName,
  timeText,
  valueText,
  whyNoReplay,
} from './words';

it('calls buckets by the day that the project’s own time zone says', () => {
  const t = '2026-11-01T00:00:00+13:00';
  expect((['hour', 'day', 'week', 'month'] as const).map((unit) => bucketLabel(t, unit))).toEqual([
    '1 Nov, 00:00',
    '1 Nov',
    'Week of 1 Nov',
    'Nov 2026',
  ]);
  expect(rangeLabel({ last: 30 })).toBe('Last 30 days');
  expect(rangeLabel({ from: '2025-12-30', to: '2026-01-02' })).toBe('30 Dec 2025 – 2 Jan 2026');
  expect(rangeLabel({ from: '2026-11-18', to: '2026-11-18' })).toBe('18 Nov');
});

it('writes values, rates and times', () => {
  expect([12, 12_400, 3.14159, null].map(valueText)).toEqual(['12', '12.4 k', '3.14', '–']);
  expect([0, 0.004, 0.034, 0.5, 1].map(percent)).toEqual(['0%', '0.4%', '3.4%', '50%', '100%']);
  expect([null, 2_500, 42_000, 129_600_000].map(timeText)).toEqual(['–', '2.5 s', '42 s', '1.5 d']);
});

it('writes changes, and between which times', () => {
  expect([changeText(3, 2), changeText(96, 100), changeText(5, 5)]).toEqual(['+50%', '−4%', '±0%']);
  expect([changeText(3, 0), changeText(null, 2), changeText(-1, -2)]).toEqual(['–', '–', '+50%']);
  expect(binText(0, 1_000)).toBe('under 1 s');
  expect(binText(60_000, 600_000)).toBe('1 – 10 min');
  expect(binText(10_000, 60_000)).toBe('10 s – 1 min');
  expect(binText(2_592_000_000, null)).toBe('over 30 d');
});

it('names measures, events and filters', () => {
  expect(measureName({ aggregate: 'p90', property: 'total' })).toBe('90th percentile of total');
  expect(eventLabel('$mp_click')).toBe('Click');
  expect(filterText({ property: '$os', op: 'eq', value: ['iOS', 'Linux', 'Windows'] })).toBe(
    'OS is iOS or Linux or 1 more',
  );
  expect(filterText({ property: 'price', op: 'between', value: [1, 5] })).toBe(
    'price is between 1 and 5',
  );
  expect(filterText({ property: 'plan', op: 'set' })).toBe('plan is set');
  expect(
    conditionText({
      any: [
        { property: 'plan', op: 'set' },
        { property: 'gift', op: 'is_true' },
      ],
    }),
  ).toBe('plan is set or gift is true');
});

it('names lines by what tells them apart', () => {
  const state = readInsights({
    metrics: '[{"event":"View"},{"event":"View","measure":"unique"},{"event":"Buy"}]',
  });
  expect(seriesName(state, { metric: 0, formula: null, segment: null })).toBe('View, total');
  expect(seriesName(state, { metric: 1, formula: null, segment: null })).toBe(
    'View, unique people',
  );
  expect(seriesName(state, { metric: 2, formula: null, segment: null })).toBe('Buy');
  expect(seriesName(state, { metric: 2, formula: null, segment: '$other' })).toBe('Buy · Other');
  expect(
    seriesName(readInsights({ metrics: '[{"event":"Buy"}]' }), {
      metric: 0,
      formula: null,
      segment: 'Chrome',
    }),
  ).toBe('Chrome');
});

it('says what is being watched', () => {
  const funnel = readFunnel({
    steps: '[{"event":"View Item"},{"event":"Add to Cart"},{"event":"Checkout"}]',
  });
  expect(funnelPointText(funnel, { step: 3, outcome: 'dropped' })).toBe(
    'Dropped after Add to Cart · Last 30 days',
  );
  expect(funnelPointText(funnel, { step: 2, outcome: 'converted', segment: 'iOS' })).toBe(
    'Converted to Add to Cart · iOS · Last 30 days',
  );
  expect(funnelPointText(funnel, { step: 1, outcome: 'converted' })).toBe(
    'Did View Item · Last 30 days',
  );
  const insights = readInsights({ metrics: '[{"event":"Checkout"}]' });
  expect(insightsPointText(insights, { metric: 0, t: '2026-11-18T00:00:00Z' })).toBe(
    'Checkout · 18 Nov',
  );
});

it('says why there is nothing to watch', () => {
  expect(whyNoReplay({ unrecorded: 0, gone: 0 })).toEqual([]);
  expect(whyNoReplay({ unrecorded: 1, gone: 2 })).toEqual([
    '1 event belongs to no replay: recording was not on, left the visit out, or the event came from a server.',
    'The replay of 2 events has expired or was deleted.',
  ]);
});
