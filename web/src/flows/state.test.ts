import { expect, it } from 'vitest';

import {
  flowPointText,
  flowsBody,
  flowsSearch,
  nodeName,
  readFlowPoint,
  readFlows,
  samePoint,
  writeFlows,
} from './state';
import { flowRows, flowsTable } from './table';

const search = {
  start: '{"event":"Checkout"}',
  direction: 'before' as const,
  steps: 4,
  per_step: 8,
  window: '2 hour',
  hidden: '["$mp_scroll"]',
  last: 7,
};

it('keeps the whole question in its address', () => {
  expect(writeFlows(readFlows(search))).toEqual(search);
  expect(flowsSearch({})).toEqual({});
});

it('takes whatever someone typed there', () => {
  expect(
    flowsSearch({ start: '[]', steps: '99', per_step: 'x', window: 'soon', hidden: '7' }),
  ).toEqual({});
});

it('asks the API in its words', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(flowsBody(readFlows(search), now, 'UTC')).toEqual({
    from: '2026-11-18',
    to: '2026-11-24',
    start: { event: 'Checkout', filters: [] },
    direction: 'before',
    steps: 4,
    per_step: 8,
    window: { value: 2, unit: 'hour' },
    hidden: ['$mp_scroll'],
    filters: [],
  });
});

it('reads and names nodes and ways, as time goes', () => {
  const state = readFlows(search);
  const node = readFlowPoint('{"step":1,"event":"View Item"}');
  const way = readFlowPoint('{"step":0,"from":"Checkout","to":"View Item"}');
  if (!node || !way) throw new Error('not read');
  expect(flowPointText(state, node)).toBe('View Item · 1 step before Checkout · Last 7 days');
  expect(flowPointText(state, way)).toBe('View Item → Checkout · step 1 · Last 7 days');
  expect(samePoint(node, way)).toBe(false);
  expect(samePoint(way, { ...way })).toBe(true);
  expect(readFlowPoint('{"step":0,"from":"Checkout"}')).toBeNull();
  expect(readFlowPoint('{"step":-1,"event":"A"}')).toBeNull();
  expect(nodeName('$end', 'before')).toBe('Nothing before');
});

it('lists ways step by step, the most frequent first', () => {
  const report = {
    total: 4,
    took_ms: 1,
    nodes: [
      { step: 0, event: 'A', count: 4, other: false, end: false },
      { step: 1, event: 'B', count: 3, other: false, end: false },
    ],
    edges: [
      { step: 1, from: 'B', to: '$end', count: 3 },
      { step: 0, from: 'A', to: '$end', count: 1 },
      { step: 0, from: 'A', to: 'B', count: 3 },
    ],
  };
  expect(flowRows(report).map((row) => [row.step, row.to, row.share])).toEqual([
    [0, 'B', 0.75],
    [0, '$end', 0.25],
    [1, '$end', 1],
  ]);
  expect(flowsTable(readFlows({}), report).rows[1]).toEqual([1, 'A', 'Nothing further', 1, 0.25]);
});
