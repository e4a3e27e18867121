import type { FunnelSegment } from '../api/reports';
import { type Option, axisText, savePng, token } from './echart';
import { stepName } from './FunnelBars';
import type { FunnelState } from './state';
import { percent, segmentName } from './words';

const HEIGHT = 320;

/** The funnel's bars as a chart: in each step those who came so far, and over them, in outline, those who were lost. */
export function funnelOption(
  state: Pick<FunnelState, 'order' | 'steps'>,
  segments: readonly FunnelSegment[],
  colours: readonly string[],
): Option {
  const single = segments.length === 1;
  const text = { ...axisText(), fontSize: 12, color: token('--text') };
  const series = segments.flatMap((segment, s) => {
    const name = single ? 'Came this far' : segmentName(segment.segment);
    const colourOf = (step: number) => colours[single ? step : s] as string;
    const bar = { type: 'bar', stack: String(s), barMaxWidth: 96, barGap: '6%' };
    return [
      {
        ...bar,
        name,
        itemStyle: { color: colourOf(0) },
        data: segment.steps.map(({ count }, i) => ({
          value: count,
          itemStyle: { color: colourOf(i) },
        })),
      },
      {
        ...bar,
        name: single ? 'Lost before it' : `${name}, lost`,
        itemStyle: { color: 'transparent', borderColor: colourOf(0), borderWidth: 1.5 },
        label: {
          ...text,
          show: true,
          position: 'top',
          formatter: ({ dataIndex }: { dataIndex: number }) =>
            percent(segment.steps[dataIndex]?.rate ?? 0),
        },
        data: segment.steps.map(({ count }, i) => ({
          value: i === 0 ? 0 : (segment.steps[i - 1]?.count ?? 0) - count,
          itemStyle: { color: 'transparent', borderColor: colourOf(i), borderType: 'dashed' },
        })),
      },
    ];
  });
  return {
    animation: false,
    grid: { left: 56, right: 24, top: 24, bottom: 32 },
    xAxis: {
      type: 'category',
      data: state.steps.map((_, i) => `${i + 1}  ${stepName(state, i + 1)}`),
      axisLine: { lineStyle: { color: token('--line-strong') } },
      axisTick: { show: false },
      axisLabel: { ...text, interval: 0, width: 200, overflow: 'truncate' },
    },
    yAxis: {
      type: 'value',
      splitLine: { lineStyle: { color: token('--line') } },
      axisLabel: axisText(),
    },
    series,
  };
}

export const saveFunnel = (
  state: FunnelState,
  segments: readonly FunnelSegment[],
  colours: readonly string[],
  title: string,
) => savePng(funnelOption(state, segments, colours), title, HEIGHT);
