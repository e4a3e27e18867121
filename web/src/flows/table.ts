/** Flows as rows: the edges, step by step, the most frequent first. */

import type { FlowEdge, FlowNode, FlowsReport } from '../api/flows';
import type { Table } from '../lib/download';
import { rangeLabel } from '../reports/words';
import { type FlowsState, nodeName } from './state';

export interface FlowRow extends FlowEdge {
  /** Of those who were at `from`. */
  share: number;
}

export function flowRows(report: FlowsReport): FlowRow[] {
  const at = new Map(report.nodes.map((node) => [key(node), node.count]));
  return report.edges
    .map((edge) => {
      const before = at.get(key({ step: edge.step, event: edge.from })) ?? 0;
      return { ...edge, share: before > 0 ? edge.count / before : 0 };
    })
    .sort((one, other) => one.step - other.step || other.count - one.count);
}

const key = ({ step, event }: Pick<FlowNode, 'step' | 'event'>) => `${step} ${event}`;

export function flowsTable(state: FlowsState, report: FlowsReport): Table {
  const named = (event: string) => nodeName(event, state.direction);
  return {
    name: `Flows, ${rangeLabel(state.range)}`,
    columns: ['Step', 'From', 'To', 'People', 'Share of from'],
    rows: flowRows(report).map((row) => [
      row.step + 1,
      named(row.from),
      named(row.to),
      row.count,
      row.share,
    ]),
  };
}
