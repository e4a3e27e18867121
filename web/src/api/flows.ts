/** What a flows report answers. */

export interface FlowNode {
  step: number;
  event: string;
  count: number;
  /** The rest of the events of the step. */
  other: boolean;
  /** No further event. */
  end: boolean;
}

export interface FlowEdge {
  /** Of `from`; `to` lies a step on. */
  step: number;
  from: string;
  to: string;
  count: number;
}

export interface FlowsReport {
  /** People who have a path. */
  total: number;
  nodes: FlowNode[];
  edges: FlowEdge[];
  took_ms: number;
}
