import { useComputedColorScheme } from '@mantine/core';
import { BarChart as Bars, LineChart as Lines } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

import style from './Reports.module.css';
import { valueText } from './words';

echarts.use([Bars, Lines, GridComponent, TooltipComponent, SVGRenderer]);

const LEFT = 48;
const RIGHT = 20;
const TOP = 16;
const BOTTOM = 32;
/** How much of a bucket's width stays free between its bars and the next one's. */
const GAP = 0.3;

export interface Line {
  name: string;
  values: (number | null)[];
  colour: string;
  dashed: boolean;
}

export interface Chosen {
  line: number;
  bucket: number;
}

/** Lines or bars over time. Anywhere in the plot, a click takes the nearest point. */
export default function LineChart(props: {
  kind: 'line' | 'bar';
  lines: Line[];
  /** Of the buckets. */
  labels: string[];
  /** Whole numbers only. */
  whole: boolean;
  chosen: Chosen | null;
  summary: string;
  onPick: (point: Chosen, x: number, y: number) => void;
}) {
  const { kind, lines, labels, chosen, onPick } = props;
  const scheme = useComputedColorScheme('light');
  const slot = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts | null>(null);

  useEffect(() => {
    const element = slot.current;
    if (!element) return;
    const made = echarts.init(element, null, { renderer: 'svg' });
    chart.current = made;
    const watcher = new ResizeObserver(() => made.resize());
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const css = getComputedStyle(document.documentElement);
    const token = (name: string) => css.getPropertyValue(name).trim();
    const text = { color: token('--text-3'), fontFamily: token('--font'), fontSize: 11 };
    const few = labels.length <= 45;
    chart.current?.setOption(
      {
        animation: false,
        grid: { left: LEFT, right: RIGHT, top: TOP, bottom: BOTTOM },
        xAxis: {
          type: 'category',
          data: labels,
          boundaryGap: kind === 'bar' || labels.length === 1,
          axisLine: { lineStyle: { color: token('--line-strong') } },
          axisTick: { show: false },
          axisLabel: { ...text, hideOverlap: true, margin: 10 },
        },
        yAxis: {
          type: 'value',
          splitNumber: 4,
          ...(props.whole ? { minInterval: 1 } : {}),
          axisLabel: { ...text, formatter: (value: number) => valueText(value) },
          splitLine: { lineStyle: { color: token('--line'), width: 1 } },
        },
        tooltip: {
          trigger: 'axis',
          transitionDuration: 0,
          confine: true,
          className: style.tooltip,
          axisPointer: {
            type: kind === 'bar' ? 'shadow' : 'line',
            lineStyle: { color: token('--text-3'), type: 'solid', width: 1 },
            shadowStyle: { color: token('--hover'), opacity: 0.8 },
          },
          formatter: (hovered: { dataIndex: number }[]) =>
            tooltip(labels[hovered[0]?.dataIndex ?? 0] ?? '', lines, hovered[0]?.dataIndex ?? 0),
        },
        series: lines.map((line, at) => ({
          type: kind,
          name: line.name,
          data: line.values,
          ...(kind === 'bar'
            ? {
                barCategoryGap: `${GAP * 100}%`,
                barGap: '0%',
                itemStyle: {
                  color: line.colour,
                  borderColor: token('--bg'),
                  borderWidth: lines.length > 1 ? 0.5 : 0,
                },
              }
            : {
                lineStyle: { color: line.colour, width: 2, type: line.dashed ? 'dashed' : 'solid' },
                itemStyle: { color: line.colour, borderColor: token('--bg'), borderWidth: 1 },
                symbol: 'circle',
                symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) =>
                  chosen?.line === at && chosen.bucket === dataIndex ? 12 : few ? 6 : 0,
                showSymbol: few || chosen !== null,
                showAllSymbol: true,
                emphasis: { disabled: true },
              }),
        })),
      },
      { notMerge: true },
    );
  }, [kind, lines, labels, props.whole, chosen, scheme]);

  useEffect(() => {
    const made = chart.current;
    if (!made || lines.length === 0 || labels.length === 0) return;
    const click = (event: { offsetX: number; offsetY: number; event: unknown }) => {
      const { offsetX: x, offsetY: y } = event;
      const inside =
        x >= LEFT - 10 &&
        x <= made.getWidth() - RIGHT + 10 &&
        y >= 0 &&
        y <= made.getHeight() - BOTTOM + 6;
      if (!inside) return;
      const point = nearest(made, kind, lines, labels.length, x, y);
      const box = made.getDom().getBoundingClientRect();
      onPick(point, box.left + x, box.top + y);
    };
    made.getZr().on('click', click);
    return () => {
      if (!made.isDisposed()) made.getZr().off('click', click);
    };
  }, [kind, lines, labels, onPick]);

  return <div ref={slot} className={style.chart} role="img" aria-label={props.summary} />;
}

function nearest(
  chart: echarts.ECharts,
  kind: 'line' | 'bar',
  lines: Line[],
  buckets: number,
  x: number,
  y: number,
): Chosen {
  const width = chart.getWidth() - LEFT - RIGHT;
  const share = Math.min(Math.max((x - LEFT) / width, 0), 1);
  if (kind === 'bar') {
    const bucket = Math.min(Math.floor(share * buckets), buckets - 1);
    const within = (share * buckets - bucket - GAP / 2) / (1 - GAP);
    const line = Math.min(Math.max(Math.floor(within * lines.length), 0), lines.length - 1);
    return { line, bucket };
  }
  const bucket = Math.round(share * (buckets - 1));
  let line = 0;
  let best = Infinity;
  lines.forEach((one, i) => {
    const value = one.values[bucket] ?? null;
    if (value === null) return;
    const away = Math.abs(chart.convertToPixel({ yAxisIndex: 0 }, value) - y);
    if (away < best) [line, best] = [i, away];
  });
  return { line, bucket };
}

/** Names of events and segments come from visitors' browsers: text only. */
function tooltip(title: string, lines: Line[], bucket: number): HTMLElement {
  const box = document.createElement('div');
  const head = document.createElement('b');
  head.textContent = title;
  box.append(head);
  for (const line of lines) {
    const row = document.createElement('div');
    const dot = document.createElement('i');
    dot.style.background = line.colour;
    const name = document.createElement('span');
    name.textContent = line.name;
    const value = document.createElement('em');
    value.textContent = valueText(line.values[bucket] ?? null);
    row.append(dot, name, value);
    box.append(row);
  }
  return box;
}
