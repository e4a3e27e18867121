import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo, useState } from 'react';

import type { FlowsReport } from '../api/flows';
import { count } from '../lib/format';
import { DARK, LIGHT, paints } from '../reports/colours';
import { percent } from '../reports/words';
import style from './Flows.module.css';
import { BAR, type PlacedEdge, type PlacedNode, SLOT, layout } from './layout';
import { type FlowPoint, type FlowsState, nodeName, samePoint } from './state';

export type PickFlow = (
  point: FlowPoint,
  people: number,
  x: number,
  y: number,
  from: HTMLElement | null,
) => void;

/** Events as bars in a column for each step, with ribbons between them, all as thick as people are many. */
export function FlowsChart(props: {
  state: FlowsState;
  report: FlowsReport;
  chosen: FlowPoint | null;
  summary: string;
  onPick: PickFlow;
}) {
  const { state, report, chosen, onPick } = props;
  const { direction } = state;
  const scheme = useComputedColorScheme('light');
  const palette = scheme === 'dark' ? DARK : LIGHT;
  const { ref, width: room } = useElementSize();
  const { nodes, edges, pitch, width, height } = useMemo(
    () => layout(report, direction, room),
    [report, direction, room],
  );
  const colours = useMemo(() => {
    const events = [...new Set(nodes.filter((one) => !plain(one)).map((one) => one.event))];
    const painted = paints(events);
    return new Map(events.map((event, i) => [event, palette[painted[i]?.colour ?? 0] as string]));
  }, [nodes, palette]);
  const [over, setOver] = useState<FlowPoint | null>(null);
  const named = (event: string) => nodeName(event, direction);

  const touches = (edge: PlacedEdge) =>
    over !== null &&
    ('event' in over
      ? (over.step === edge.step && over.event === edge.from) ||
        (over.step === edge.step + 1 && over.event === edge.to)
      : samePoint(over, pointOf(edge)));
  const last = Math.max(0, ...nodes.map((node) => node.step));
  return (
    <div ref={ref} className={style.scroller} role="group" aria-label={props.summary}>
      <ol className={style.heads} style={{ width }} aria-hidden>
        {Array.from({ length: last + 1 }, (_, i) => {
          const step = direction === 'after' ? i : last - i;
          return (
            <li key={step} style={{ width: pitch }}>
              {step === 0 ? 'Start' : `${step} ${step === 1 ? 'step' : 'steps'} ${direction}`}
            </li>
          );
        })}
      </ol>
      <div className={style.chart} style={{ width, height }}>
        <svg width={width} height={height} aria-hidden>
          {edges.map((edge) => {
            const point = pointOf(edge);
            const to = nodes.find((one) => one.step === edge.step + 1 && one.event === edge.to);
            return (
              <path
                key={`${edge.step} ${edge.from} ${edge.to}`}
                d={edge.path}
                className={style.ribbon}
                data-plain={(to && plain(to)) || undefined}
                data-on={touches(edge) || undefined}
                data-off={(over !== null && !touches(edge)) || undefined}
                data-chosen={samePoint(chosen, point) || undefined}
                style={{ '--ribbon': colours.get(edge.to) } as React.CSSProperties}
                onMouseEnter={() => setOver(point)}
                onMouseLeave={() => setOver(null)}
                onClick={(event) => onPick(point, edge.count, event.clientX, event.clientY, null)}
              >
                <title>{edgeTitle(edge, named, direction)}</title>
              </path>
            );
          })}
        </svg>
        {nodes.map((node) => (
          <Node
            key={`${node.step} ${node.event}`}
            node={node}
            width={Math.min(pitch, width - node.x) - 24}
            name={named(node.event)}
            colour={colours.get(node.event)}
            chosen={samePoint(chosen, { step: node.step, event: node.event })}
            onOver={setOver}
            onPick={onPick}
          />
        ))}
      </div>
    </div>
  );
}

const plain = (node: PlacedNode) => node.end || node.other;

const pointOf = (edge: PlacedEdge): FlowPoint => ({
  step: edge.step,
  from: edge.from,
  to: edge.to,
});

function edgeTitle(
  edge: PlacedEdge,
  named: (event: string) => string,
  direction: FlowsState['direction'],
): string {
  const [one, other] = [named(edge.from), named(edge.to)];
  const way = direction === 'after' ? `${one} → ${other}` : `${other} → ${one}`;
  return `${way}: ${edge.count.toLocaleString('en')} people, ${percent(edge.share)} of ${one}`;
}

function Node(props: {
  node: PlacedNode;
  width: number;
  name: string;
  colour: string | undefined;
  chosen: boolean;
  onOver: (point: FlowPoint | null) => void;
  onPick: PickFlow;
}) {
  const { node, name, onOver } = props;
  const point: FlowPoint = { step: node.step, event: node.event };
  const said = `${name}: ${node.count.toLocaleString('en')} people, ${percent(node.share)}`;
  return (
    <button
      type="button"
      className={style.node}
      data-plain={plain(node) || undefined}
      data-end={node.end || undefined}
      data-chosen={props.chosen || undefined}
      aria-haspopup="menu"
      aria-label={`${name} ${count(node.count)} · ${percent(node.share)} of people`}
      title={said}
      style={
        {
          left: node.x,
          top: node.y,
          maxWidth: props.width,
          height: SLOT,
          '--bar': props.colour,
          '--tall': `${node.height}px`,
          '--wide': `${BAR}px`,
        } as React.CSSProperties
      }
      onMouseEnter={() => onOver(point)}
      onMouseLeave={() => onOver(null)}
      onFocus={() => onOver(point)}
      onBlur={() => onOver(null)}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        props.onPick(point, node.count, box.left + 12, box.top + SLOT, event.currentTarget);
      }}
    >
      <b>{name}</b>{' '}
      <span>
        {count(node.count)} · {percent(node.share)}
      </span>
    </button>
  );
}
