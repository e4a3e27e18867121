import { expect, it } from 'vitest';

import type { FlowsReport } from '../api/flows';
import { SLOT, layout } from './layout';

const node = (step: number, event: string, count: number) => ({
  step,
  event,
  count,
  other: event === '$other',
  end: event === '$end',
});

const report: FlowsReport = {
  total: 100,
  took_ms: 1,
  nodes: [
    node(0, 'Start', 100),
    node(1, '$end', 60),
    node(1, 'A', 10),
    node(1, '$other', 15),
    node(1, 'B', 15),
    node(2, '$end', 10),
  ],
  edges: [
    { step: 0, from: 'Start', to: 'A', count: 10 },
    { step: 0, from: 'Start', to: 'B', count: 15 },
    { step: 0, from: 'Start', to: '$other', count: 15 },
    { step: 0, from: 'Start', to: '$end', count: 60 },
    { step: 1, from: 'A', to: '$end', count: 10 },
    { step: 1, from: 'Gone', to: '$end', count: 1 },
  ],
};

const column = (found: ReturnType<typeof layout>, step: number) =>
  found.nodes.filter((one) => one.step === step).sort((one, other) => one.y - other.y);

it('puts the most frequent on top, the rest and the end at the bottom, and no two over each other', () => {
  const second = column(layout(report, 'after', 800), 1);
  expect(second.map((one) => one.event)).toEqual(['B', 'A', '$other', '$end']);
  second.slice(1).forEach((one, i) => {
    const above = second[i];
    expect(one.y).toBeGreaterThanOrEqual((above?.y ?? 0) + Math.max(above?.height ?? 0, SLOT));
  });
});

it('draws heights in proportion, and only ways whose ends are there', () => {
  const found = layout(report, 'after', 800);
  const start = column(found, 0)[0];
  const end = column(found, 1).at(-1);
  expect((end?.height ?? 0) / (start?.height ?? 1)).toBeCloseTo(0.6);
  expect(found.edges).toHaveLength(5);
  expect(found.edges.find((one) => one.to === 'A')?.share).toBe(0.1);
});

it('fills the room there is, and goes beyond it rather than squeeze names', () => {
  expect(layout(report, 'after', 600).width).toBe(600);
  expect(layout(report, 'after', 200).width).toBeGreaterThan(400);
});

it('runs to the start at the right when it shows what came before', () => {
  const found = layout(report, 'before', 800);
  const [start] = column(found, 0);
  expect(Math.max(...found.nodes.map((one) => one.x))).toBe(start?.x);
  expect(found.edges.every((one) => one.path.startsWith('M'))).toBe(true);
});
