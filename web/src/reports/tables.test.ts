import { expect, it } from 'vitest';

import type { Series } from '../api/reports';
import { readFunnel, readInsights } from './state';
import { funnelTable, insightsTable, trendTable } from './tables';

const series: Series = {
  metric: 0,
  formula: null,
  segment: null,
  other: false,
  points: [
    { t: '2026-11-01T00:00:00Z', value: 4 },
    { t: '2026-11-02T00:00:00Z', value: null },
  ],
  total: 4,
  previous: {
    points: [
      { t: '2026-10-30T00:00:00Z', value: 2 },
      { t: '2026-10-31T00:00:00Z', value: 0 },
    ],
    total: 2,
  },
};

it('takes a line along with what it is compared with', () => {
  const state = readInsights({ metrics: '[{"event":"Order"}]', last: '2' });
  expect(insightsTable(state, [series], ['Order'])).toEqual({
    name: 'Insights, Last 2 days',
    columns: ['Time', 'Order', 'Order, before', 'Order, change'],
    rows: [
      ['2026-11-01T00:00:00Z', 4, 2, 1],
      ['2026-11-02T00:00:00Z', null, 0, null],
      ['Last 2 days', 4, 2, 1],
    ],
  });
  const alone = insightsTable(state, [{ ...series, previous: null }], ['Order']);
  expect(alone.columns).toEqual(['Time', 'Order']);
});

it('takes a funnel along, step by step and over time', () => {
  const state = readFunnel({ steps: '[{"event":"A"},{"event":"B"}]' });
  const times = { median_ms: 1_500, p90_ms: 9_000, distribution: [] };
  const none = { median_ms: null, p90_ms: null, distribution: [] };
  const report = {
    took_ms: 1,
    segments: [
      {
        segment: 'Chrome',
        other: false,
        convert: times,
        steps: [
          { event: 'A', count: 10, rate: 1, step_rate: 1, ...none },
          { event: 'B', count: 4, rate: 0.4, step_rate: 0.4, ...times },
        ],
        trend: [
          { t: '2026-11-01T00:00:00Z', entered: 10, converted: 4, rate: 0.4 },
          { t: '2026-11-02T00:00:00Z', entered: 0, converted: 0, rate: 0 },
        ],
      },
    ],
  };
  expect(funnelTable(state, report).rows).toEqual([
    ['Chrome', 1, 'A', 10, 1, null, null, null, null],
    ['Chrome', 2, 'B', 4, 0.4, 0.4, 6, 1_500, 9_000],
  ]);
  expect(trendTable(state, report)).toMatchObject({
    columns: ['Time', 'Chrome, began', 'Chrome, came through', 'Chrome, rate'],
    rows: [
      ['2026-11-01T00:00:00Z', 10, 4, 0.4],
      ['2026-11-02T00:00:00Z', 0, 0, null],
    ],
  });
});
