import { useComputedColorScheme } from '@mantine/core';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';

import { useNarrow } from '../lib/hooks';
import { type Drawn, type Option, axisText, savePng, token, tooltip, useChart } from './echart';
import style from './Reports.module.css';
import { changeText, percent } from './words';

export interface Total {
  name: string;
  value: number | null;
  /** Of the period that is compared with. */
  before?: number | null | undefined;
  colour: string;
}

interface Props {
  kind: 'bar' | 'pie';
  totals: Total[];
  format: (value: number | null) => string;
  chosen: number | null;
  summary: string;
  /** Of a picture of it. */
  title: string;
  handle?: Ref<Drawn>;
  onPick: (total: number, previous: boolean, x: number, y: number) => void;
}

const ROW = 36;
const PIE = 320;
/** As wide as the names beside the bars may be. */
const NAMES = 180;

/** One number for each line: as a bar, or as a share of a whole. */
export default function TotalsChart(props: Props) {
  const { kind, totals, format, onPick } = props;
  const scheme = useComputedColorScheme('light');
  const slot = useRef<HTMLDivElement>(null);
  const chart = useChart(slot);
  // On a narrow screen there is no room beside a pie; the legend above it has the names.
  const narrow = useNarrow();
  const compared = kind === 'bar' && totals.some((one) => one.before !== undefined);
  const height =
    kind === 'pie' ? PIE : Math.max(120, totals.length * (compared ? ROW + 12 : ROW) + 16);

  useEffect(() => {
    chart.current?.resize();
    chart.current?.setOption(
      {
        ...option(props, compared, !narrow),
        tooltip: {
          trigger: kind === 'pie' ? 'item' : 'axis',
          axisPointer: { type: 'shadow', shadowStyle: { color: token('--hover'), opacity: 0.8 } },
          transitionDuration: 0,
          confine: true,
          className: style.tooltip,
          formatter: (hovered: { dataIndex: number } | { dataIndex: number }[]) => {
            const at = (Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? 0;
            const one = totals[at];
            if (!one) return '';
            return tooltip(one.name, [
              {
                colour: one.colour,
                name: 'Over all days',
                value:
                  kind === 'pie'
                    ? `${format(one.value)} · ${percent(shareOf(totals, at))}`
                    : format(one.value),
                beside:
                  one.before === undefined
                    ? undefined
                    : `${changeText(one.value, one.before)} from ${format(one.before)}`,
              },
            ]);
          },
        },
      } as Option,
      { notMerge: true },
    );
    // The whole of `props` is never the same; what is drawn of it is listed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [chart, kind, totals, format, compared, props.chosen, narrow, scheme]);

  useImperativeHandle(props.handle, () => ({
    savePng: () =>
      void savePng(option({ ...props, chosen: null }, compared, true), props.title, height),
  }));

  useEffect(() => {
    const made = chart.current;
    if (!made) return;
    if (kind === 'pie') {
      const pick = (event: { dataIndex: number; event?: { offsetX: number; offsetY: number } }) => {
        const box = made.getDom().getBoundingClientRect();
        onPick(
          event.dataIndex,
          false,
          box.left + (event.event?.offsetX ?? 0),
          box.top + (event.event?.offsetY ?? 0),
        );
      };
      made.on('click', pick as never);
      return () => {
        if (!made.isDisposed()) made.off('click', pick);
      };
    }
    // Anywhere in its row takes a bar, however short it is.
    const pick = ({ offsetX, offsetY }: { offsetX: number; offsetY: number }) => {
      const row = (offsetY - 8) / ((made.getHeight() - 16) / totals.length);
      const at = Math.floor(row);
      if (at < 0 || at >= totals.length) return;
      const box = made.getDom().getBoundingClientRect();
      const previous = compared && row - at > 0.6 && totals[at]?.before !== undefined;
      onPick(at, previous, box.left + offsetX, box.top + offsetY);
    };
    made.getZr().on('click', pick);
    return () => {
      if (!made.isDisposed()) made.getZr().off('click', pick);
    };
  }, [chart, kind, totals, compared, onPick]);

  return (
    <div
      ref={slot}
      className={style.chart}
      style={{ height }}
      role="img"
      aria-label={props.summary}
    />
  );
}

function shareOf(totals: Total[], at: number): number {
  const own = (one: Total | undefined) => Math.max(one?.value ?? 0, 0);
  return own(totals[at]) / (totals.reduce((sum, one) => sum + own(one), 0) || 1);
}

function option(
  { kind, totals, format, chosen }: Props,
  compared: boolean,
  beside: boolean,
): Option {
  const text = { ...axisText(), fontSize: 12, color: token('--text') };
  const background = token('--bg');
  if (kind === 'pie') {
    return {
      animation: false,
      series: [
        {
          type: 'pie',
          radius: ['52%', '82%'],
          label: {
            ...text,
            show: beside,
            formatter: ({ dataIndex, name }: { dataIndex: number; name: string }) =>
              `${name}  ${percent(shareOf(totals, dataIndex))}`,
          },
          labelLine: { lineStyle: { color: token('--line-strong') }, length: 12, length2: 8 },
          itemStyle: { borderColor: background, borderWidth: 1.5 },
          emphasis: { scaleSize: 4 },
          data: totals.map((one, i) => ({
            name: one.name,
            value: Math.max(one.value ?? 0, 0),
            itemStyle: {
              color: one.colour,
              ...(chosen === i ? { borderColor: token('--text'), borderWidth: 2 } : {}),
            },
          })),
        },
      ],
    };
  }
  const longest = Math.max(0, ...totals.map((one) => one.name.length));
  const left = Math.min(NAMES + 12, 28 + longest * 7);
  const bars = (previous: boolean) => ({
    type: 'bar',
    name: previous ? 'Before' : 'Over all days',
    barGap: '8%',
    barCategoryGap: '32%',
    label: {
      ...text,
      show: true,
      position: 'right',
      color: token(previous ? '--text-3' : '--text'),
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const one = totals[dataIndex];
        if (!one) return '';
        if (previous) return format(one.before ?? null);
        const change = one.before === undefined ? '' : `   ${changeText(one.value, one.before)}`;
        return `${format(one.value)}${change}`;
      },
    },
    data: totals.map((one, i) => ({
      value: previous ? (one.before ?? null) : one.value,
      itemStyle: {
        color: previous ? `${one.colour}66` : one.colour,
        borderRadius: 3,
        ...(chosen === i && !previous ? { borderColor: token('--text'), borderWidth: 1.5 } : {}),
      },
    })),
  });
  return {
    animation: false,
    grid: { left, right: 96, top: 8, bottom: 8 },
    xAxis: { type: 'value', show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: totals.map((one) => one.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...text, width: NAMES, overflow: 'truncate', margin: 12 },
    },
    series: [bars(false), ...(compared ? [bars(true)] : [])],
  };
}
