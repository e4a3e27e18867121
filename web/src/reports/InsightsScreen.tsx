import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChartColumn, ChartLine, SearchX } from 'lucide-react';
import { Suspense, lazy, useCallback, useEffect, useMemo } from 'react';

import { eventNamesQuery } from '../api/queries';
import type { InsightsReport } from '../api/reports';
import { useNow } from '../lib/hooks';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import { Answer, Bones, NoEvents } from './Answer';
import { DARK, LIGHT, paints } from './colours';
import { InsightsBuilder } from './InsightsBuilder';
import { InsightsTable } from './InsightsTable';
import type { Chosen } from './LineChart';
import { ReportFrame } from './ReportFrame';
import style from './Reports.module.css';
import {
  type InsightsPoint,
  type InsightsSearch,
  type InsightsState,
  insightsBody,
  readInsights,
  readInsightsPoint,
  writeInsights,
} from './state';
import { insightsTable } from './tables';
import { type Points, usePoints } from './usePoints';
import { useReport } from './useReport';
import {
  UNIT_NAMES,
  bucketLabel,
  insightsPointText,
  measureName,
  rangeLabel,
  seriesName,
  valueText,
} from './words';

const LineChart = lazy(() => import('./LineChart'));

export function InsightsScreen() {
  const { project_id: project, timezone } = useProject();
  const search: InsightsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const scheme = useComputedColorScheme('light');
  const points = usePoints<InsightsPoint>(search);

  const asked = JSON.stringify(writeInsights(readInsights(search as Record<string, unknown>)));
  const state = useMemo(() => readInsights(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: InsightsState, replace = false) => {
    points.forget();
    void navigate({ to: '.', search: writeInsights(next), replace });
  };

  // An address that asks nothing asks for the most frequent event.
  const names = useQuery(eventNamesQuery(project));
  const events = names.data?.results;
  const usual = (events?.find((one) => !one.event.startsWith('$')) ?? events?.[0])?.event;
  const nothing = state.metrics.length === 0;
  useEffect(() => {
    if (!nothing || usual === undefined) return;
    const first = { event: usual, measure: 'total' as const, filters: [] };
    void navigate({
      to: '.',
      search: writeInsights({ ...state, metrics: [first] }),
      replace: true,
    });
  }, [nothing, usual, navigate, state]);

  const body = insightsBody(state, now, timezone);
  const report = useReport<InsightsReport, InsightsState>(
    project,
    'insights',
    body,
    state,
    !nothing,
  );
  const palette = scheme === 'dark' ? DARK : LIGHT;
  const colours = paints(state.metrics.map((one) => one.event)).map(
    (paint) => palette[paint.colour] as string,
  );

  return (
    <ReportFrame
      kind="insights"
      name="Insights"
      body={body}
      points={points}
      point={readInsightsPoint(search.point)}
      show={search.show}
      pointText={(point) => insightsPointText(state, point)}
      error={report.error}
      question={
        <InsightsBuilder
          project={project}
          state={state}
          now={now}
          colours={colours}
          onChange={change}
        />
      }
      instead={
        events?.length === 0 &&
        nothing && (
          <NoEvents project={project}>
            Insights show how often something happened, by how many people, over time, and the
            replays behind each point. Events come with the first visit to a page that has Playhead
            on it.
          </NoEvents>
        )
      }
    >
      {nothing && names.isPending ? (
        <Bones />
      ) : (
        <Answer report={report}>
          {(answered) => (
            <Found
              state={{ ...answered.state, chart: state.chart }}
              report={answered.found}
              palette={palette}
              points={points}
              setChart={(chart) => change({ ...state, chart }, true)}
            />
          )}
        </Answer>
      )}
    </ReportFrame>
  );
}

function Found(props: {
  state: InsightsState;
  report: InsightsReport;
  palette: readonly string[];
  points: Points<InsightsPoint>;
  setChart: (chart: 'line' | 'bar') => void;
}) {
  const { state, report, palette, points } = props;
  const { open, chosen } = points;
  const { series } = report;
  const names = useMemo(
    () => series.map((one) => seriesName(state.metrics, one.metric, one.segment)),
    [series, state.metrics],
  );
  const lines = useMemo(() => {
    const others = new Set(series.flatMap((one, i) => (one.other ? [i] : [])));
    const keys = series.map((one) => {
      const { event = '' } = state.metrics[one.metric] ?? {};
      return one.segment === null
        ? event
        : `${state.metrics.length > 1 ? event : ''}\n${one.segment}`;
    });
    const alike = new Set(keys).size < keys.length;
    // The same event twice, measured in two ways, is two lines.
    const painted = paints(
      alike ? keys.map((key, i) => (keys.indexOf(key) === i ? key : `${key}\n${i}`)) : keys,
      others,
    );
    return series.map((one, i) => ({
      name: names[i] as string,
      values: one.points.map((each) => each.value),
      colour: palette[painted[i]?.colour ?? 0] as string,
      dashed: painted[i]?.dashed ?? false,
    }));
  }, [series, names, palette, state.metrics]);
  const labels = useMemo(
    () => (series[0]?.points ?? []).map((each) => bucketLabel(each.t, state.unit)),
    [series, state.unit],
  );

  const pointOf = useCallback(
    (line: number, bucket: number | null): InsightsPoint => {
      const { metric = 0, segment = null, points: buckets = [] } = series[line] ?? {};
      const t = bucket === null ? undefined : buckets[bucket]?.t;
      return { metric, ...(segment === null ? {} : { segment }), ...(t ? { t } : {}) };
    },
    [series],
  );
  const show = useCallback(
    (line: number, bucket: number | null, x: number, y: number, from: HTMLElement | null) => {
      const point = pointOf(line, bucket);
      const value = bucket === null ? series[line]?.total : series[line]?.points[bucket]?.value;
      open({
        point,
        title: `${insightsPointText(state, point)}: ${valueText(value ?? null)}`,
        x,
        y,
        from,
      });
    },
    [pointOf, series, state, open],
  );
  const pickPoint = useCallback(
    ({ line, bucket }: Chosen, x: number, y: number) => show(line, bucket, x, y, null),
    [show],
  );
  const chosenAt = useMemo(() => {
    if (!chosen) return null;
    const line = series.findIndex(
      (one) => one.metric === chosen.metric && one.segment === (chosen.segment ?? null),
    );
    const bucket = series[line]?.points.findIndex((each) => each.t === chosen.t) ?? -1;
    return line < 0 ? null : { line, bucket: bucket < 0 ? null : bucket };
  }, [chosen, series]);
  const chosenPoint = useMemo(
    () =>
      chosenAt && chosenAt.bucket !== null
        ? { line: chosenAt.line, bucket: chosenAt.bucket }
        : null,
    [chosenAt],
  );

  const range = rangeLabel(state.range);
  const below = (from: HTMLElement) => {
    const box = from.getBoundingClientRect();
    return [box.left, box.bottom, from] as const;
  };
  if (series.length === 0 || series.every((one) => !one.total)) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nothing of this happened">
          {range}, {state.filters.length > 0 ? 'with these filters, ' : ''}no such event was sent.
          Choose other days, another event or fewer filters.
        </Trouble>
      </div>
    );
  }
  return (
    <>
      <div className={style.top}>
        <div className={style.legend}>
          {lines.map((line, i) => (
            <button
              key={i}
              type="button"
              aria-haspopup="menu"
              aria-label={`${line.name}, ${range}: ${valueText(series[i]?.total ?? null)}`}
              onClick={(event) => show(i, null, ...below(event.currentTarget))}
            >
              <i
                className={style.dot}
                data-dashed={line.dashed || undefined}
                style={{ background: line.colour }}
                aria-hidden
              />
              <b title={line.name}>{line.name}</b>
              <em>{valueText(series[i]?.total ?? null)}</em>
            </button>
          ))}
        </div>
        <div className={style.kinds} role="group" aria-label="Chart">
          {(
            [
              ['line', 'Lines', ChartLine],
              ['bar', 'Bars', ChartColumn],
            ] as const
          ).map(([kind, name, Icon]) => (
            <Tip key={kind} label={name}>
              <button
                type="button"
                className="icon"
                aria-label={name}
                aria-pressed={state.chart === kind}
                onClick={() => props.setChart(kind)}
              >
                <Icon size={16} strokeWidth={1.75} />
              </button>
            </Tip>
          ))}
        </div>
      </div>
      <Suspense fallback={<div className={style.chart} />}>
        <LineChart
          kind={state.chart}
          lines={lines}
          labels={labels}
          whole={state.metrics.every(
            (one) => typeof one.measure === 'string' && one.measure !== 'per_user_avg',
          )}
          chosen={chosenPoint}
          summary={summary(state, report, names)}
          onPick={pickPoint}
        />
      </Suspense>
      <InsightsTable
        series={series}
        names={names}
        unit={state.unit}
        range={range}
        taken={() => insightsTable(state, report, names)}
        chosen={chosenAt}
        onPick={(line, bucket, from) => show(line, bucket, ...below(from))}
      />
      <p className={style.took}>Answered in {report.took_ms.toLocaleString('en')} ms</p>
    </>
  );
}

/** The chart in words. */
function summary(state: InsightsState, report: InsightsReport, names: string[]): string {
  const each = report.series.slice(0, 6).map((one, i) => {
    const best = one.points.reduce((a, b) =>
      (b.value ?? -Infinity) > (a.value ?? -Infinity) ? b : a,
    );
    const { measure } = state.metrics[one.metric] ?? { measure: 'total' as const };
    return `${names[i]}, ${measureName(measure).toLowerCase()}: ${valueText(one.total)} over all, most (${valueText(best.value)}) ${bucketLabel(best.t, state.unit)}`;
  });
  const more = report.series.length - each.length;
  return `${state.chart === 'bar' ? 'Bars' : 'Lines'}, ${UNIT_NAMES[state.unit].toLowerCase()}, ${rangeLabel(state.range)}. ${each.join('. ')}.${more > 0 ? ` ${more} more in the table.` : ''} The table below has every number.`;
}
