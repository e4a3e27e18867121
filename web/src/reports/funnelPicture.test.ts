import { expect, it } from 'vitest';

import type { FunnelSegment } from '../api/reports';
import { funnelOption } from './funnelPicture';

const state = {
  order: 'specific' as const,
  steps: ['Look', 'Buy'].map((event) => ({ event, filters: [] })),
};
const segment = (name: string | null, counts: number[]) =>
  ({
    segment: name,
    steps: counts.map((count) => ({ count, rate: count / (counts[0] ?? 1) })),
  }) as FunnelSegment;

interface Bars {
  stack: string;
  name: string;
  data: { value: number }[];
}

it('stacks those who were lost on those who came, to as many as came to the step before', () => {
  const { series } = funnelOption(state, [segment(null, [40, 10])], ['#000', '#111']) as {
    series: Bars[];
  };
  expect(series.map(({ data }) => data.map(({ value }) => value))).toEqual([
    [40, 10],
    [0, 30],
  ]);
  expect(new Set(series.map(({ stack }) => stack)).size).toBe(1);
});

it('has a stack for each segment, by its name', () => {
  const { series } = funnelOption(
    state,
    [segment('iOS', [4, 1]), segment('Linux', [2, 2])],
    ['#000', '#111'],
  ) as { series: Bars[] };
  expect(series.map(({ name }) => name)).toEqual(['iOS', 'iOS, lost', 'Linux', 'Linux, lost']);
  expect(new Set(series.map(({ stack }) => stack)).size).toBe(2);
});
