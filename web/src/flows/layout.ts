/** Where nodes and ribbons of a flow stand: columns by step, heights by people. Pure. */

import type { FlowEdge, FlowNode, FlowsReport } from '../api/flows';

/** From one column to the next, at least and at most. */
const PITCH = [168, 280] as const;
/** What the last column's names need. */
const LAST = 148;
/** Of a node's bar. */
export const BAR = 8;
/** What the name and the numbers of a node need. */
export const SLOT = 38;
const GAP = 10;
const TALL = 300;
const LEAST = 3;

export interface PlacedNode extends FlowNode {
  x: number;
  y: number;
  /** Of the bar; its slot is at least SLOT. */
  height: number;
  share: number;
}

export interface PlacedEdge extends FlowEdge {
  path: string;
  /** Of the people of its `from` node. */
  share: number;
}

export interface Layout {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  /** From one column to the next. */
  pitch: number;
  width: number;
  height: number;
}

const rank = (node: FlowNode) => (node.end ? 2 : node.other ? 1 : 0);

/** Most people first; the rest and the end at the bottom. */
const order = (one: FlowNode, other: FlowNode) =>
  rank(one) - rank(other) || other.count - one.count || one.event.localeCompare(other.event, 'en');

/** As wide as there is room, as long as names can be read. */
export function layout(report: FlowsReport, direction: 'after' | 'before', room: number): Layout {
  const total = Math.max(1, report.total);
  const scale = TALL / total;
  const last = Math.max(0, ...report.nodes.map((node) => node.step));
  const pitch = Math.min(Math.max((room - LAST) / Math.max(1, last), PITCH[0]), PITCH[1]);
  const column = (step: number) => (direction === 'after' ? step : last - step) * pitch;

  const placed = new Map<string, PlacedNode>();
  let height = 0;
  for (let step = 0; step <= last; step++) {
    let y = 0;
    for (const node of report.nodes.filter((one) => one.step === step).sort(order)) {
      const tall = Math.max(LEAST, node.count * scale);
      placed.set(key(step, node.event), {
        ...node,
        x: column(step),
        y,
        height: tall,
        share: node.count / total,
      });
      y += Math.max(tall, SLOT) + GAP;
    }
    height = Math.max(height, y - GAP);
  }

  const ends = report.edges.flatMap((edge) => {
    const from = placed.get(key(edge.step, edge.from));
    const to = placed.get(key(edge.step + 1, edge.to));
    return from && to ? [{ edge, from, to, out: 0, into: 0 }] : [];
  });
  stack(
    ends,
    (end) => end.from,
    (end) => end.to,
    (end, at) => (end.out = at),
  );
  stack(
    ends,
    (end) => end.to,
    (end) => end.from,
    (end, at) => (end.into = at),
  );

  const edges = ends.map(({ edge, from, to, out, into }) => {
    const thick = Math.max(1, edge.count * scale);
    const [left, right, a, b] =
      direction === 'after' ? [from, to, out, into] : [to, from, into, out];
    const [x0, x1] = [left.x + BAR, right.x];
    const bend = (x1 - x0) / 2;
    const [y0, y1] = [left.y + a, right.y + b];
    const round = (value: number) => Math.round(value * 10) / 10;
    const [t0, t1, b0, b1] = [y0, y1, y0 + thick, y1 + thick].map(round);
    return {
      ...edge,
      share: from.count > 0 ? edge.count / from.count : 0,
      path:
        `M${x0} ${t0}C${x0 + bend} ${t0} ${x1 - bend} ${t1} ${x1} ${t1}` +
        `V${b1}C${x1 - bend} ${b1} ${x0 + bend} ${b0} ${x0} ${b0}Z`,
    };
  });
  return {
    nodes: [...placed.values()],
    edges,
    pitch,
    width: last * pitch + LAST,
    height,
  };

  type End = (typeof ends)[number];

  /** Ribbons leave and reach a node in the order of what they lead to. */
  function stack(
    all: End[],
    at: (end: End) => PlacedNode,
    far: (end: End) => PlacedNode,
    put: (end: End, at: number) => void,
  ) {
    const used = new Map<PlacedNode, number>();
    for (const end of [...all].sort((one, other) => far(one).y - far(other).y)) {
      const before = used.get(at(end)) ?? 0;
      put(end, before);
      used.set(at(end), before + end.edge.count * scale);
    }
  }
}

const key = (step: number, event: string) => `${step} ${event}`;
