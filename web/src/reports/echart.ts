/** What our charts have in common: ECharts, kept small, in our colours. */

import { BarChart, LineChart, PieChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  TitleComponent,
  TooltipComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer, SVGRenderer } from 'echarts/renderers';
import { type RefObject, useEffect, useRef } from 'react';

import { fileName, save } from '../lib/download';

echarts.use([
  BarChart,
  LineChart,
  PieChart,
  GridComponent,
  LegendComponent,
  TitleComponent,
  TooltipComponent,
  CanvasRenderer,
  SVGRenderer,
]);

export type Option = Parameters<echarts.ECharts['setOption']>[0];

export const token = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const axisText = () => ({
  color: token('--text-3'),
  fontFamily: token('--font'),
  fontSize: 11,
});

/** A chart as large as its place, for as long as that is there. */
export function useChart(slot: RefObject<HTMLDivElement | null>) {
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
  }, [slot]);
  return chart;
}

const WIDTH = 1200;
const HEAD = 64;

/** The chart as a picture of its own, with what the screen around it says: its title and who is who. */
export async function savePng(option: Option, title: string, height: number): Promise<void> {
  const { series, grid, yAxis } = option as {
    series: { type: string; name: string; data: unknown[] }[];
    grid?: { top: number; bottom: number };
    yAxis?: { type: string };
  };
  const names = series.flatMap((one) =>
    one.type === 'pie' ? (one.data as { name: string }[]).map(({ name }) => name) : [one.name],
  );
  // Bars that lie have their names beside them.
  const legend = names.length > 1 && yAxis?.type !== 'category';
  const rows = Math.ceil((names.reduce((sum, name) => sum + name.length * 7 + 32, 0) + 40) / WIDTH);
  const foot = legend ? 20 + rows * 24 : 16;
  const chart = echarts.init(document.createElement('div'), null, {
    renderer: 'canvas',
    width: WIDTH,
    height: height + HEAD + foot,
    devicePixelRatio: 2,
  });
  try {
    chart.setOption({ ...option, animation: false });
    chart.setOption({
      title: {
        text: title,
        left: 24,
        top: 20,
        textStyle: {
          color: token('--text'),
          fontFamily: token('--font'),
          fontSize: 16,
          fontWeight: 600,
        },
      },
      legend: {
        show: legend,
        bottom: 12,
        left: 24,
        right: 24,
        icon: 'roundRect',
        itemWidth: 10,
        itemHeight: 10,
        textStyle: { ...axisText(), fontSize: 12, color: token('--text-2') },
      },
      ...(grid ? { grid: { top: HEAD + grid.top, bottom: foot + grid.bottom } } : {}),
    });
    const canvas = chart.renderToCanvas({ pixelRatio: 2, backgroundColor: token('--bg') });
    const picture = await new Promise<Blob | null>((done) => {
      canvas.toBlob(done, 'image/png');
    });
    if (picture) save(`${fileName(title)}.png`, picture);
  } finally {
    chart.dispose();
  }
}

/** What can be asked of a chart that is drawn. */
export interface Drawn {
  savePng: () => void;
}

export interface TipRow {
  colour: string;
  name: string;
  value: string;
  /** What it is compared with: "+12% from 214". */
  beside?: string | undefined;
}

const TIP_ROWS = 14;

/** Names of events and segments come from visitors' browsers: text only. */
export function tooltip(title: string, rows: TipRow[]): HTMLElement {
  const box = document.createElement('div');
  const add = (to: HTMLElement, tag: string, text: string) => {
    const made = document.createElement(tag);
    made.textContent = text;
    to.append(made);
    return made;
  };
  add(box, 'b', title);
  for (const row of rows.slice(0, TIP_ROWS)) {
    const line = add(box, 'div', '');
    add(line, 'i', '').style.background = row.colour;
    add(line, 'span', row.name);
    add(line, 'em', row.value);
    if (row.beside) add(line, 'small', row.beside);
  }
  if (rows.length > TIP_ROWS) add(box, 'p', `${rows.length - TIP_ROWS} more in the table`);
  return box;
}
