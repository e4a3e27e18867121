import { Menu } from '@mantine/core';
import {
  ChartArea,
  ChartBarBig,
  ChartColumn,
  ChartColumnStacked,
  ChartLine,
  ChartPie,
  Check,
  ChevronDown,
  Hash,
  ImageDown,
  SearchX,
  Table2,
} from 'lucide-react';
import { Suspense, lazy, useCallback, useMemo, useRef } from 'react';

import type { InsightsReport, Series } from '../api/reports';
import { propertyName } from '../lib/format';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import { paints } from './colours';
import type { Drawn } from './echart';
import { InsightsTable } from './InsightsTable';
import { Numbers } from './Numbers';
import picker from './Picker.module.css';
import style from './Reports.module.css';
import {
  CHARTS,
  type ChartKind,
  type InsightsPoint,
  type InsightsState,
  subjectKeys,
  zoomed,
} from './state';
import { insightsTable } from './tables';
import type { Chosen } from './TimeChart';
import type { Points } from './usePoints';
import {
  CHART_NAMES,
  UNIT_NAMES,
  bucketLabel,
  changeText,
  insightsPointText,
  measureName,
  rangeInside,
  rangeLabel,
  seriesName,
  valueText,
} from './words';

const TimeChart = lazy(() => import('./TimeChart'));
const TotalsChart = lazy(() => import('./TotalsChart'));

const ICONS = {
  line: ChartLine,
  area: ChartArea,
  column: ChartColumn,
  stacked: ChartColumnStacked,
  bar: ChartBarBig,
  pie: ChartPie,
  number: Hash,
  table: Table2,
} as const;

/** Where a menu opens: under what was pressed. */
function below(from: HTMLElement) {
  const box = from.getBoundingClientRect();
  return [box.left, box.bottom, from] as const;
}

/** The colour of each series: of its event, or of its segment when there is a breakdown. */
function coloursOf(state: InsightsState, series: Series[]) {
  const others = new Set(series.flatMap((one, i) => (one.other ? [i] : [])));
  const subjects = subjectKeys(state);
  const several = subjects.length > 1;
  const keys = series.map((one) => {
    const at = one.formula === null ? (one.metric ?? 0) : state.metrics.length + one.formula;
    const subject = subjects[at] ?? '';
    return one.segment === null ? subject : `${several ? subject : ''}\n${one.segment}`;
  });
  return paints(keys, others);
}

export function InsightsAnswer(props: {
  state: InsightsState;
  report: InsightsReport;
  palette: readonly string[];
  points: Points<InsightsPoint>;
  /** On a board: the chart alone, which nothing can be asked of but what is behind it. */
  small?: true;
  change?: (state: InsightsState, replace?: boolean) => void;
}) {
  const { state, report, palette, points, small, change } = props;
  const { open, chosen } = points;
  const drawn = useRef<Drawn>(null);
  const { chart } = state;
  // What is only part of a formula is not drawn.
  const series = useMemo(
    () => report.series.filter((one) => one.metric === null || !state.metrics[one.metric]?.hidden),
    [report.series, state.metrics],
  );
  const names = useMemo(() => series.map((one) => seriesName(state, one)), [series, state]);
  const lines = useMemo(() => {
    const painted = coloursOf(state, series);
    return series.map((one, i) => ({
      name: names[i] as string,
      values: one.points.map((each) => each.value),
      ...(one.previous ? { before: one.previous.points.map((each) => each.value) } : {}),
      colour: palette[painted[i]?.colour ?? 0] as string,
      dashed: painted[i]?.dashed ?? false,
    }));
  }, [series, names, palette, state]);
  const totals = useMemo(
    () =>
      series.map((one, i) => ({
        ...(lines[i] as (typeof lines)[number]),
        value: one.total,
        before: one.previous?.total,
      })),
    [series, lines],
  );
  const labels = useMemo(
    () => (series[0]?.points ?? []).map((each) => bucketLabel(each.t, state.unit)),
    [series, state.unit],
  );
  const labelsBefore = useMemo(
    () => series[0]?.previous?.points.map((each) => bucketLabel(each.t, state.unit)),
    [series, state.unit],
  );

  const show = useCallback(
    (
      line: number,
      bucket: number | null,
      previous: boolean,
      x: number,
      y: number,
      from: HTMLElement | null,
    ) => {
      const one = series[line];
      if (!one) return;
      const values = previous ? one.previous : one;
      const at = bucket === null ? undefined : values?.points[bucket];
      const point: InsightsPoint = {
        ...(one.formula === null ? { metric: one.metric ?? 0 } : { formula: one.formula }),
        ...(one.segment === null ? {} : { segment: one.segment }),
        ...(at ? { t: at.t } : {}),
        ...(previous ? { previous } : {}),
      };
      const value = bucket === null ? values?.total : at?.value;
      const title = `${insightsPointText(state, point)}: ${valueText(value ?? null)}`;
      open({ point, title, x, y, from });
    },
    [series, state, open],
  );
  const pickPoint = useCallback(
    ({ line, bucket, previous }: Chosen, x: number, y: number) =>
      show(line, bucket, previous, x, y, null),
    [show],
  );
  const pickTotal = useCallback(
    (line: number, previous: boolean, x: number, y: number) =>
      show(line, null, previous, x, y, null),
    [show],
  );
  const zoom = useCallback(
    (first: number, last: number) => {
      const buckets = series[0]?.points ?? [];
      const [from, to] = [buckets[first]?.t, buckets[last]?.t];
      if (from && to) change?.(zoomed(state, from, to));
    },
    [series, state, change],
  );
  const chosenAt = useMemo(() => {
    if (!chosen) return null;
    const line = series.findIndex(
      (one) =>
        (chosen.formula === undefined
          ? one.metric === (chosen.metric ?? 0)
          : one.formula === chosen.formula) && one.segment === (chosen.segment ?? null),
    );
    const previous = chosen.previous ?? false;
    const values = previous ? series[line]?.previous : series[line];
    const bucket = values?.points.findIndex((each) => each.t === chosen.t) ?? -1;
    return line < 0 ? null : { line, previous, bucket: bucket < 0 ? null : bucket };
  }, [chosen, series]);
  const chosenPoint = useMemo(
    () => (chosenAt && chosenAt.bucket !== null ? { ...chosenAt, bucket: chosenAt.bucket } : null),
    [chosenAt],
  );
  const chosenTotal = chosenAt && chosenAt.bucket === null ? chosenAt.line : null;

  const range = rangeLabel(state.range);
  if (series.length === 0 || series.every((one) => !one.total && !one.previous?.total)) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nothing of this happened">
          {range}, {state.filters.length > 0 ? 'with these filters, ' : ''}no such event was sent.
          Choose other days, another event or fewer filters.
        </Trouble>
      </div>
    );
  }
  const subjects = new Set(series.map((one) => seriesName(state, { ...one, segment: null })));
  const split = state.breakdown ? ` by ${propertyName(state.breakdown.property)}` : '';
  const title = `${[...subjects].join(', ')}${split}, ${rangeInside(state.range)}`;
  const words = summary(state, series, names);
  const picture = chart !== 'number' && chart !== 'table';
  return (
    <>
      <div className={style.top}>
        <div className={style.legend}>
          {chart !== 'number' &&
            !(small && chart === 'bar') &&
            lines.map((line, i) => (
              <button
                key={i}
                type="button"
                aria-haspopup="menu"
                aria-label={`${line.name} ${valueText(series[i]?.total ?? null)}${series[i]?.previous ? ` ${changeText(series[i].total, series[i].previous.total)}` : ''}, ${range}`}
                onClick={(event) => show(i, null, false, ...below(event.currentTarget))}
              >
                <i
                  className={style.dot}
                  data-dashed={line.dashed || undefined}
                  style={{ background: line.colour }}
                  aria-hidden
                />
                <b title={line.name}>{line.name}</b> <em>{valueText(series[i]?.total ?? null)}</em>
                {series[i]?.previous && ' '}
                {series[i]?.previous && (
                  <em>{changeText(series[i].total, series[i].previous.total)}</em>
                )}
              </button>
            ))}
        </div>
        {!small && (
          <div className={style.kinds}>
            <ChartMenu
              chart={chart}
              onChange={(next) => change?.({ ...state, chart: next }, true)}
            />
            {picture && (
              <Tip label="Download the chart as a picture">
                <button
                  type="button"
                  className="icon"
                  aria-label="Download the chart as a picture"
                  onClick={() => drawn.current?.savePng()}
                >
                  <ImageDown size={16} strokeWidth={1.75} aria-hidden />
                </button>
              </Tip>
            )}
          </div>
        )}
      </div>
      <Suspense fallback={<div className={style.chart} />}>
        {chart === 'bar' || chart === 'pie' ? (
          <TotalsChart
            key={chart}
            kind={chart}
            totals={totals}
            format={valueText}
            chosen={chosenTotal}
            summary={words}
            title={title}
            handle={drawn}
            onPick={pickTotal}
          />
        ) : chart === 'number' ? (
          <Numbers
            totals={totals}
            format={valueText}
            chosen={chosenTotal}
            range={range}
            onPick={(line, previous, from) => show(line, null, previous, ...below(from))}
          />
        ) : (
          chart !== 'table' && (
            <TimeChart
              kind={chart}
              lines={lines}
              labels={labels}
              {...(labelsBefore ? { labelsBefore } : {})}
              format={valueText}
              whole={
                state.formulas.length === 0 &&
                state.metrics.every(
                  (one) => typeof one.measure === 'string' && one.measure !== 'per_user_avg',
                )
              }
              chosen={chosenPoint}
              summary={words}
              title={title}
              handle={drawn}
              onPick={pickPoint}
              {...(small ? {} : { onZoom: zoom })}
            />
          )
        )}
      </Suspense>
      {(!small || chart === 'table') && (
        <InsightsTable
          series={series}
          names={names}
          unit={state.unit}
          range={range}
          taken={() => insightsTable(state, series, names)}
          chosen={chosenAt}
          onPick={(line, bucket, previous, from) => show(line, bucket, previous, ...below(from))}
        />
      )}
      {!small && <p className={style.took}>Answered in {report.took_ms.toLocaleString('en')} ms</p>}
    </>
  );
}

function ChartMenu(props: { chart: ChartKind; onChange: (chart: ChartKind) => void }) {
  const Now = ICONS[props.chart];
  return (
    <Menu position="bottom-end" width={200} offset={4}>
      <Menu.Target>
        <button
          type="button"
          className={picker.part}
          aria-label={`Chart: ${CHART_NAMES[props.chart]}`}
        >
          <Now size={15} strokeWidth={1.75} aria-hidden />
          {CHART_NAMES[props.chart]}
          <ChevronDown size={12} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {CHARTS.map((kind) => {
          const Icon = ICONS[kind];
          return (
            <Menu.Item
              key={kind}
              leftSection={<Icon size={15} strokeWidth={1.75} aria-hidden />}
              rightSection={
                kind === props.chart ? <Check size={14} aria-label="chosen" /> : undefined
              }
              onClick={() => props.onChange(kind)}
            >
              {CHART_NAMES[kind]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The chart in words. */
function summary(state: InsightsState, series: Series[], names: string[]): string {
  const overTime = ['line', 'area', 'column', 'stacked'].includes(state.chart);
  const each = series.slice(0, 6).map((one, i) => {
    const measure = one.metric === null ? null : state.metrics[one.metric]?.measure;
    const how = measure ? `, ${measureName(measure).toLowerCase()}` : '';
    const before = one.previous
      ? `, ${changeText(one.total, one.previous.total)} from ${valueText(one.previous.total)}`
      : '';
    const whole = `${names[i]}${how}: ${valueText(one.total)} over all${before}`;
    if (!overTime) return whole;
    const best = one.points.reduce((a, b) =>
      (b.value ?? -Infinity) > (a.value ?? -Infinity) ? b : a,
    );
    return `${whole}, most (${valueText(best.value)}) ${bucketLabel(best.t, state.unit)}`;
  });
  const more = series.length - each.length;
  const unit = overTime ? `, ${UNIT_NAMES[state.unit].toLowerCase()}` : '';
  return `${CHART_NAMES[state.chart]}${unit}, ${rangeLabel(state.range)}. ${each.join('. ')}.${more > 0 ? ` ${more} more in the table.` : ''} The table below has every number.`;
}
