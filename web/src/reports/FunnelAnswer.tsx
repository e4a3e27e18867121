import { ImageDown, SearchX } from 'lucide-react';
import { Suspense, lazy, useCallback, useMemo, useRef } from 'react';

import type { FunnelReport, FunnelSegment } from '../api/reports';
import { count } from '../lib/format';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import { paints } from './colours';
import type { Drawn } from './echart';
import { FunnelBars, type PickPart, stepName } from './FunnelBars';
import { FunnelTable } from './FunnelTable';
import style from './Reports.module.css';
import { type FunnelPoint, type FunnelState, zoomed } from './state';
import { funnelTable, trendTable } from './tables';
import type { Chosen } from './TimeChart';
import { TimesButton } from './TimesButton';
import { TrendTable } from './TrendTable';
import type { Points } from './usePoints';
import {
  UNIT_NAMES,
  bucketLabel,
  eventLabel,
  funnelPointText,
  percent,
  rangeInside,
  rangeLabel,
  segmentName,
  timeText,
} from './words';

const TimeChart = lazy(() => import('./TimeChart'));

const rateText = (value: number | null) => (value === null ? '–' : percent(value));

export function FunnelAnswer(props: {
  state: FunnelState;
  report: FunnelReport;
  palette: readonly string[];
  points: Points<FunnelPoint>;
  /** On a board: the chart alone, which nothing can be asked of but what is behind it. */
  small?: true;
  change?: (state: FunnelState, replace?: boolean) => void;
}) {
  const { state, palette, points, report, small } = props;
  const { segments } = report;
  const single = segments.length === 1;
  const trend = state.trend !== null;
  const colours = useMemo(() => {
    const painted =
      segments.length === 1 && !trend
        ? paints(
            state.order === 'any'
              ? state.steps.map(() => 'any')
              : state.steps.map((one) => one.event),
          )
        : paints(
            segments.map((one) => one.segment ?? state.steps.at(-1)?.event ?? ''),
            new Set(segments.flatMap((one, i) => (one.other ? [i] : []))),
          );
    return painted.map((paint) => palette[paint.colour] as string);
  }, [segments, state, trend, palette]);
  const pick: PickPart = (point, x, y, from) =>
    points.open({ point, title: funnelPointText(state, point), x, y, from });

  const first = eventLabel(state.steps[0]?.event ?? '');
  if (segments.every((one) => one.steps[0]?.count === 0)) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nobody began">
          {rangeLabel(state.range)}, nobody did {state.order === 'any' ? 'any of the steps' : first}
          . Choose other days, another first step or fewer filters.
        </Trouble>
      </div>
    );
  }
  const [overall] = segments;
  const last = overall?.steps.at(-1);
  const who = state.count === 'total' ? 'attempts' : 'people';
  const legend = (
    <div className={style.legend}>
      {single && overall ? (
        <span>
          <b>{percent(last?.rate ?? 0)}</b>
          <em>
            {count(last?.count ?? 0)} of {count(overall.steps[0]?.count ?? 0)} came through
          </em>
          {overall.convert.median_ms !== null && (
            <TimesButton
              times={overall.convert}
              name="From the first step to the last"
              who={who}
              colour={colours.at(-1)}
            >
              <em>median {timeText(overall.convert.median_ms)}</em>
            </TimesButton>
          )}
        </span>
      ) : (
        segments.map((one, i) => (
          <span key={i}>
            <i className={style.dot} style={{ background: colours[i] }} aria-hidden />
            <b title={segmentName(one.segment)}>{segmentName(one.segment)}</b>
            <em>{percent(one.steps.at(-1)?.rate ?? 0)}</em>
            {one.convert.median_ms !== null && (
              <TimesButton
                times={one.convert}
                name={`${segmentName(one.segment)}: from the first step to the last`}
                who={who}
                colour={colours[i]}
              >
                <em>{timeText(one.convert.median_ms)}</em>
              </TimesButton>
            )}
          </span>
        ))
      )}
    </div>
  );
  return (
    <>
      {trend ? (
        <Trend {...props} colours={colours} legend={legend} />
      ) : (
        <>
          <div className={style.top}>
            {legend}
            <Views {...props}>
              <Picture
                save={() =>
                  void import('./funnelPicture').then(({ saveFunnel }) =>
                    saveFunnel(state, segments, colours, titleOf(state)),
                  )
                }
              />
            </Views>
          </div>
          <FunnelBars
            state={state}
            segments={segments}
            colours={colours}
            chosen={points.chosen}
            summary={summary(state, segments)}
            onPick={pick}
          />
          {!small && (
            <FunnelTable
              state={state}
              segments={segments}
              colours={colours}
              chosen={points.chosen}
              taken={() => funnelTable(state, report)}
              onPick={pick}
            />
          )}
        </>
      )}
      {!small && <p className={style.took}>Answered in {report.took_ms.toLocaleString('en')} ms</p>}
    </>
  );
}

const titleOf = (state: FunnelState) =>
  `${state.steps.map((one) => eventLabel(one.event)).join(' → ')}, ${rangeInside(state.range)}`;

function Picture({ save }: { save: () => void }) {
  return (
    <Tip label="Download the chart as a picture">
      <button
        type="button"
        className="icon"
        aria-label="Download the chart as a picture"
        onClick={save}
      >
        <ImageDown size={16} strokeWidth={1.75} aria-hidden />
      </button>
    </Tip>
  );
}

/** Step by step, or over time. */
function Views(props: {
  state: FunnelState;
  small?: true;
  change?: (state: FunnelState, replace?: boolean) => void;
  children?: React.ReactNode;
}) {
  const { state, change, small } = props;
  if (small) return null;
  return (
    <div className={style.kinds}>
      <div className={style.views} role="group" aria-label="View">
        {(
          [
            ['Steps', null],
            ['Trend', 'day'],
          ] as const
        ).map(([name, trend]) => (
          <button
            key={name}
            type="button"
            aria-pressed={(state.trend === null) === (trend === null)}
            onClick={() => change?.({ ...state, trend: trend && (state.trend ?? trend) }, true)}
          >
            {name}
          </button>
        ))}
      </div>
      {props.children}
    </div>
  );
}

/** How many came through, by when they began. */
function Trend(props: {
  state: FunnelState;
  report: FunnelReport;
  points: Points<FunnelPoint>;
  small?: true;
  change?: (state: FunnelState, replace?: boolean) => void;
  colours: string[];
  legend: React.ReactNode;
}) {
  const { state, points, colours, small, change } = props;
  const { segments } = props.report;
  const { open, chosen } = points;
  const unit = state.trend ?? 'day';
  const drawn = useRef<Drawn>(null);
  const lines = useMemo(
    () =>
      segments.map((one, i) => ({
        name: one.segment === null ? 'Came through' : segmentName(one.segment),
        values: (one.trend ?? []).map((at) => (at.entered === 0 ? null : at.rate)),
        notes: (one.trend ?? []).map((at) => `${count(at.converted)} of ${count(at.entered)}`),
        colour: colours[i] as string,
        dashed: false,
      })),
    [segments, colours],
  );
  const buckets = useMemo(() => segments[0]?.trend ?? [], [segments]);
  const labels = useMemo(() => buckets.map((at) => bucketLabel(at.t, unit)), [buckets, unit]);
  const pointAt = useCallback(
    (segment: number, bucket: number, step: number): FunnelPoint => {
      const of = segments[segment]?.segment ?? null;
      const t = buckets[bucket]?.t;
      return {
        step,
        outcome: 'converted',
        ...(of === null ? {} : { segment: of }),
        ...(t ? { t } : {}),
      };
    },
    [segments, buckets],
  );
  const pick = useCallback(
    ({ line, bucket }: Chosen, x: number, y: number) => {
      const point = pointAt(line, bucket, state.steps.length);
      open({ point, title: funnelPointText(state, point), x, y, from: null });
    },
    [pointAt, state, open],
  );
  const zoom = useCallback(
    (first: number, last: number) => {
      const [from, to] = [buckets[first]?.t, buckets[last]?.t];
      if (from && to) {
        const { range, unit: finer } = zoomed({ range: state.range, unit }, from, to);
        change?.({ ...state, range, trend: finer });
      }
    },
    [buckets, state, unit, change],
  );
  const chosenAt = useMemo(() => {
    if (!chosen?.t) return null;
    const line = segments.findIndex((one) => one.segment === (chosen.segment ?? null));
    const bucket = buckets.findIndex((at) => at.t === chosen.t);
    return line < 0 || bucket < 0 ? null : { line, bucket, previous: false };
  }, [chosen, segments, buckets]);
  const words = `${summary(state, segments).replace(/^Funnel/, `Conversion over time, ${UNIT_NAMES[unit].toLowerCase()}`)}`;
  return (
    <>
      <div className={style.top}>
        {props.legend}
        <Views {...props}>
          <Picture save={() => drawn.current?.savePng()} />
        </Views>
      </div>
      <Suspense fallback={<div className={style.chart} />}>
        <TimeChart
          kind="line"
          lines={lines}
          labels={labels}
          format={rateText}
          whole={false}
          shares
          chosen={chosenAt}
          summary={words}
          title={titleOf(state)}
          handle={drawn}
          onPick={pick}
          {...(small ? {} : { onZoom: zoom })}
        />
      </Suspense>
      {!small && (
        <TrendTable
          state={state}
          segments={segments}
          chosen={chosen}
          taken={() => trendTable(state, props.report)}
          onPick={(segment, bucket, step, from) => {
            const point = pointAt(segment, bucket, step);
            const box = from.getBoundingClientRect();
            const title = funnelPointText(state, point);
            open({ point, title, x: box.left, y: box.bottom, from });
          }}
        />
      )}
    </>
  );
}

/** The funnel in words. */
function summary(state: FunnelState, segments: FunnelSegment[]): string {
  const of = segments.slice(0, 4).map((segment) => {
    const steps = segment.steps.map((step, i) => `${stepName(state, i + 1)} ${count(step.count)}`);
    const name = segment.segment === null ? '' : `${segmentName(segment.segment)}: `;
    const time =
      segment.convert.median_ms === null
        ? ''
        : `, in ${timeText(segment.convert.median_ms)} at the median`;
    return `${name}${steps.join(', ')}: ${percent(segment.steps.at(-1)?.rate ?? 0)} came through${time}`;
  });
  return `Funnel, ${rangeLabel(state.range)}. ${of.join('. ')}. The table below has every number.`;
}
