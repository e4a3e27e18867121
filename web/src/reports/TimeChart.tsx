import { useComputedColorScheme } from '@mantine/core';
import type { EChartsType } from 'echarts/core';
import { type Ref, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';

import { type Drawn, type Option, axisText, savePng, token, tooltip, useChart } from './echart';
import style from './Reports.module.css';
import { changeText } from './words';

const LEFT = 48;
const RIGHT = 20;
const TOP = 16;
const BOTTOM = 32;
/** How much of a bucket's width stays free between its bars and the next one's. */
const GAP = 0.3;
/** A press that moves this far is a drag over days, not a click on a point. */
const DRAG_PX = 8;

export type TimeKind = 'line' | 'area' | 'column' | 'stacked';

export interface Line {
  name: string;
  values: (number | null)[];
  /** The period that is compared with, value under value. */
  before?: (number | null)[] | undefined;
  /** Said beside each value in the tooltip. */
  notes?: string[];
  colour: string;
  dashed: boolean;
}

export interface Chosen {
  line: number;
  bucket: number;
  previous: boolean;
}

export interface TimeChartProps {
  kind: TimeKind;
  lines: Line[];
  /** Of the buckets. */
  labels: string[];
  /** Of the buckets that they are compared with. */
  labelsBefore?: string[];
  format: (value: number | null) => string;
  /** Whole numbers only. */
  whole: boolean;
  /** Shares, of which 1 is the most there can be. */
  shares?: true;
  chosen: Chosen | null;
  summary: string;
  /** Of a picture of it. */
  title: string;
  handle?: Ref<Drawn>;
  onPick: (point: Chosen, x: number, y: number) => void;
  /** The buckets that were drawn over with the pointer. */
  onZoom?: (first: number, last: number) => void;
}

/** Lines or columns over time. Anywhere in the plot, a click takes the nearest point; a drag takes its days. */
export default function TimeChart(props: TimeChartProps) {
  const { kind, lines, labels, labelsBefore, format, chosen, onPick, onZoom } = props;
  const scheme = useComputedColorScheme('light');
  const slot = useRef<HTMLDivElement>(null);
  const chart = useChart(slot);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const drawn = useMemo(() => series(kind, lines), [kind, lines]);

  useEffect(() => {
    chart.current?.setOption(
      {
        ...option(props, drawn),
        tooltip: {
          trigger: 'axis',
          transitionDuration: 0,
          confine: true,
          className: style.tooltip,
          axisPointer: {
            type: columns(kind) ? 'shadow' : 'line',
            lineStyle: { color: token('--text-3'), type: 'solid', width: 1 },
            shadowStyle: { color: token('--hover'), opacity: 0.8 },
          },
          formatter: (hovered: { dataIndex: number }[]) => {
            const at = hovered[0]?.dataIndex ?? 0;
            const compared = labelsBefore?.[at];
            const title = `${labels[at] ?? ''}${compared ? `, compared with ${compared}` : ''}`;
            return tooltip(
              title,
              lines.map((line) => {
                const [value, before] = [line.values[at] ?? null, line.before?.[at]];
                return {
                  colour: line.colour,
                  name: line.name,
                  value: format(value),
                  beside:
                    before === undefined
                      ? line.notes?.[at]
                      : `${changeText(value, before)} from ${format(before)}`,
                };
              }),
            );
          },
        },
      } as Option,
      { notMerge: true },
    );
    // The whole of `props` is never the same; what is drawn of it is listed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [
    chart,
    drawn,
    kind,
    lines,
    labels,
    labelsBefore,
    format,
    props.whole,
    props.shares,
    chosen,
    scheme,
  ]);

  useImperativeHandle(props.handle, () => ({
    savePng: () => void savePng(option({ ...props, chosen: null }, drawn), props.title, 400),
  }));

  useEffect(() => {
    const element = slot.current;
    const made = chart.current;
    if (!element || !made || lines.length === 0 || labels.length === 0) return;
    const place = (event: PointerEvent) => {
      const box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const bucketAt = (x: number) => {
      const share = Math.min(Math.max((x - LEFT) / (made.getWidth() - LEFT - RIGHT), 0), 1);
      return columns(kind) || labels.length === 1
        ? Math.min(Math.floor(share * labels.length), labels.length - 1)
        : Math.round(share * (labels.length - 1));
    };
    let pressed: { x: number; y: number } | null = null;
    const down = (event: PointerEvent) => {
      const at = place(event);
      const inside =
        at.x >= LEFT - 10 &&
        at.x <= made.getWidth() - RIGHT + 10 &&
        at.y >= 0 &&
        at.y <= made.getHeight() - BOTTOM + 6;
      if (inside && event.button === 0) pressed = at;
    };
    const dragged = (event: PointerEvent) =>
      pressed !== null &&
      onZoom !== undefined &&
      event.pointerType !== 'touch' &&
      Math.abs(place(event).x - pressed.x) >= DRAG_PX;
    const move = (event: PointerEvent) => {
      if (!pressed || !dragged(event)) return setDrag(null);
      const ends = [bucketAt(pressed.x), bucketAt(place(event).x)];
      setDrag({ from: Math.min(...ends), to: Math.max(...ends) });
    };
    const up = (event: PointerEvent) => {
      if (!pressed) return;
      const { x, y } = pressed;
      setDrag(null);
      if (dragged(event)) {
        const ends = [bucketAt(x), bucketAt(place(event).x)];
        onZoom?.(Math.min(...ends), Math.max(...ends));
      } else if (Math.hypot(place(event).x - x, place(event).y - y) < DRAG_PX) {
        const box = element.getBoundingClientRect();
        onPick(
          nearest(made, kind, drawn, bucketAt(x), labels.length, x, y),
          box.left + x,
          box.top + y,
        );
      }
      pressed = null;
    };
    const stop = (event: Event) => {
      if (event instanceof KeyboardEvent && event.key !== 'Escape') return;
      pressed = null;
      setDrag(null);
    };
    element.addEventListener('pointerdown', down);
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', up);
    window.addEventListener('pointercancel', stop);
    window.addEventListener('keydown', stop);
    return () => {
      element.removeEventListener('pointerdown', down);
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', up);
      window.removeEventListener('pointercancel', stop);
      window.removeEventListener('keydown', stop);
    };
  }, [chart, kind, lines, labels, drawn, onPick, onZoom]);

  return (
    <div className={style.plot}>
      <div ref={slot} className={style.chart} role="img" aria-label={props.summary} />
      {drag && <Drag {...drag} kind={kind} labels={labels} />}
    </div>
  );
}

/** The days that the pointer is being drawn over. */
function Drag(props: { from: number; to: number; kind: TimeKind; labels: string[] }) {
  const { from, to, kind, labels } = props;
  const steps = columns(kind) ? labels.length : Math.max(labels.length - 1, 1);
  const end = columns(kind) ? to + 1 : to;
  const at = (bucket: number) => `calc(${LEFT}px + (100% - ${LEFT + RIGHT}px) * ${bucket / steps})`;
  return (
    <div
      className={style.drag}
      style={{ left: at(from), right: `calc(100% - ${at(end)})`, top: TOP, bottom: BOTTOM }}
    >
      <span>{from === to ? labels[from] : `${labels[from] ?? ''} – ${labels[to] ?? ''}`}</span>
    </div>
  );
}

const columns = (kind: TimeKind) => kind === 'column' || kind === 'stacked';
const stacks = (kind: TimeKind) => kind === 'area' || kind === 'stacked';

interface Drawing {
  line: number;
  previous: boolean;
  values: (number | null)[];
}

/** What is drawn, in the order it stands: in stacks the period before has no place. */
function series(kind: TimeKind, lines: Line[]): Drawing[] {
  return lines.flatMap(({ values, before }, line) => {
    const now = { line, previous: false, values };
    if (!before || stacks(kind)) return [now];
    return [{ line, previous: true, values: before }, now];
  });
}

function option(props: TimeChartProps, drawn: Drawing[]): Option {
  const { kind, lines, labels, format, chosen } = props;
  const text = axisText();
  const few = labels.length <= 45;
  const background = token('--bg');
  return {
    animation: false,
    grid: { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM },
    xAxis: {
      type: 'category',
      data: labels,
      boundaryGap: columns(kind) || labels.length === 1,
      axisLine: { lineStyle: { color: token('--line-strong') } },
      axisTick: { show: false },
      axisLabel: { ...text, hideOverlap: true, margin: 10 },
    },
    yAxis: {
      type: 'value',
      splitNumber: 4,
      ...(props.whole ? { minInterval: 1 } : {}),
      ...(props.shares ? { max: ({ max }: { max: number }) => (max > 0.8 ? 1 : undefined) } : {}),
      axisLabel: { ...text, formatter: (value: number) => format(value) },
      splitLine: { lineStyle: { color: token('--line'), width: 1 } },
    },
    series: drawn.map(({ line: at, previous, values }) => {
      const { colour, dashed, name } = lines[at] as Line;
      const common = {
        name: previous ? `${name}, before` : name,
        data: values,
        z: previous ? 1 : 2,
        ...(stacks(kind) ? { stack: 'all' } : {}),
      };
      if (columns(kind)) {
        return {
          ...common,
          type: 'bar',
          barCategoryGap: `${GAP * 100}%`,
          barGap: '0%',
          itemStyle: {
            color: colour,
            opacity: previous ? 0.4 : 1,
            borderColor: background,
            // Between many thin columns a border would leave nothing of them.
            borderWidth: drawn.length > 1 && drawn.length * labels.length <= 80 ? 0.5 : 0,
          },
        };
      }
      return {
        ...common,
        type: 'line',
        lineStyle: {
          color: colour,
          width: previous ? 1.5 : 2,
          type: previous ? [3, 3] : dashed ? 'dashed' : 'solid',
          opacity: previous ? 0.75 : 1,
        },
        itemStyle: {
          color: previous ? background : colour,
          borderColor: previous ? colour : background,
          borderWidth: 1,
        },
        ...(kind === 'area' ? { areaStyle: { color: colour, opacity: 0.22 } } : {}),
        symbol: 'circle',
        symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) =>
          chosen?.line === at && chosen.previous === previous && chosen.bucket === dataIndex
            ? 12
            : few
              ? previous
                ? 4
                : 6
              : 0,
        showSymbol: few || chosen !== null,
        showAllSymbol: true,
        emphasis: { disabled: true },
      };
    }),
  };
}

function nearest(
  chart: EChartsType,
  kind: TimeKind,
  drawn: Drawing[],
  bucket: number,
  buckets: number,
  x: number,
  y: number,
): Chosen {
  const chosen = (at: number): Chosen => {
    const { line = 0, previous = false } = drawn[at] ?? {};
    return { line, previous, bucket };
  };
  if (kind === 'column') {
    const share = (x - LEFT) / (chart.getWidth() - LEFT - RIGHT);
    const within = (share * buckets - bucket - GAP / 2) / (1 - GAP);
    return chosen(Math.min(Math.max(Math.floor(within * drawn.length), 0), drawn.length - 1));
  }
  const value = (at: number) => drawn[at]?.values[bucket] ?? null;
  if (stacks(kind)) {
    const wanted = Number(chart.convertFromPixel({ yAxisIndex: 0 }, y));
    let below = 0;
    let last = 0;
    for (let at = 0; at < drawn.length; at++) {
      const own = value(at) ?? 0;
      if (own > 0) last = at;
      below += own;
      if (own > 0 && wanted <= below) return chosen(at);
    }
    return chosen(last);
  }
  let best = { at: drawn.length - 1, away: Infinity };
  drawn.forEach((_, at) => {
    const own = value(at);
    if (own === null) return;
    const away = Math.abs(chart.convertToPixel({ yAxisIndex: 0 }, own) - y);
    if (away < best.away || (away === best.away && !drawn[at]?.previous)) best = { at, away };
  });
  return chosen(best.at);
}
