import { Menu } from '@mantine/core';
import { ChevronDown, Eye, EyeOff, Plus, Sigma, X } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';

import { propertyName } from '../lib/format';
import { useProject } from '../shell/session';
import style from './Builder.module.css';
import { FilterList, Typed } from './FilterList';
import { Choice } from './Picker';
import { type Property, type Range, daysOf } from './parts';
import { EventPicker, PropertyPicker } from './pickers';
import picker from './Picker.module.css';
import { OtherProblem, Problem } from './Problem';
import { RangePicker } from './RangePicker';
import {
  COUNTS,
  FUNCTIONS,
  type Formula,
  type Function,
  type InsightsState,
  MAX_FORMULAS,
  type Measure,
  type Metric,
  daysBefore,
  letter,
  shown,
  used,
  withoutMetric,
} from './state';
import {
  COUNT_NAMES,
  FUNCTION_NAMES,
  UNIT_NAMES,
  eventLabel,
  measureName,
  rangeLabel,
} from './words';

/** The report as a sentence: unique people who did Checkout, where Browser is Chrome, by OS, daily, last 30 days. */
export function InsightsBuilder(props: {
  project: string;
  state: InsightsState;
  now: number;
  /** Of each metric and then each formula, as the chart paints them. */
  colours: string[];
  onChange: (state: InsightsState) => void;
}) {
  const { project, state, onChange } = props;
  const { metrics, formulas } = state;
  const change = (at: number, metric: Metric) =>
    onChange({ ...state, metrics: metrics.map((one, i) => (i === at ? metric : one)) });
  const event = metrics.length === 1 ? metrics[0]?.event : undefined;
  const calculated = formulas.length > 0;
  const dot = (at: number) =>
    !state.breakdown && (
      <i className={style.dot} style={{ background: props.colours[at] }} aria-hidden />
    );
  return (
    <div className={style.builder}>
      <ol className={style.rows}>
        {metrics.map((metric, i) => (
          <li key={i} className={style.row}>
            <div className={style.metric}>
              <div className={style.line}>
                {calculated && <span className={style.number}>{letter(i)}</span>}
                <MeasureChoice
                  project={project}
                  metric={metric}
                  onChange={(measure) => change(i, { ...metric, measure })}
                />
                <span className={style.word}>{joining(metric.measure)}</span>
                <EventPicker
                  project={project}
                  label={`Event: ${eventLabel(metric.event)}`}
                  chosen={metric.event}
                  onPick={(name) => change(i, { ...metric, event: name })}
                >
                  {!metric.hidden && dot(i)}
                  {eventLabel(metric.event)}
                </EventPicker>
              </div>
              {(calculated || metrics.length > 1) && (
                <span className={style.tools}>
                  {calculated && (
                    <button
                      type="button"
                      className={style.remove}
                      aria-pressed={!metric.hidden}
                      aria-label={`Show ${eventLabel(metric.event)} in the chart`}
                      title={metric.hidden ? 'Only in the formula' : 'In the chart'}
                      onClick={() => change(i, toggled(metric))}
                    >
                      {metric.hidden ? (
                        <EyeOff size={13} aria-hidden />
                      ) : (
                        <Eye size={13} aria-hidden />
                      )}
                    </button>
                  )}
                  {metrics.length > 1 && (
                    <button
                      type="button"
                      className={style.remove}
                      aria-label={`Remove ${eventLabel(metric.event)}`}
                      onClick={() => onChange(withoutMetric(state, i))}
                    >
                      <X size={13} aria-hidden />
                    </button>
                  )}
                </span>
              )}
            </div>
            <Problem at={`metrics[${i}]`} but={[`metrics[${i}].filters`]} />
            {metrics.length > 1 && (
              <FilterList
                project={project}
                event={metric.event}
                of={eventLabel(metric.event)}
                at={`metrics[${i}].filters`}
                filters={metric.filters}
                onChange={(filters) => change(i, { ...metric, filters })}
              />
            )}
          </li>
        ))}
      </ol>
      <div className={style.line}>
        {metrics.length < 10 && (
          <EventPicker
            project={project}
            label="Add an event"
            className={style.add as string}
            onPick={(name) =>
              onChange({
                ...state,
                metrics: [
                  ...metrics,
                  { event: name, measure: metrics.at(-1)?.measure ?? 'total', filters: [] },
                ],
              })
            }
          >
            <Plus size={13} aria-hidden /> Event
          </EventPicker>
        )}
        {metrics.length > 0 && !calculated && (
          <button
            type="button"
            className={style.add}
            onClick={() => onChange(calculating(state, metrics.length > 1 ? 'A / B' : 'A'))}
          >
            <Sigma size={13} aria-hidden /> Formula
          </button>
        )}
      </div>
      {calculated && (
        <div className={style.section}>
          {formulas.map((one, i) => (
            <FormulaLine
              key={i}
              number={i}
              formula={one}
              letters={metrics.length}
              dot={dot(metrics.length + i)}
              onChange={(next) =>
                onChange(
                  next
                    ? { ...state, formulas: formulas.map((each, at) => (at === i ? next : each)) }
                    : withoutFormula(state, i),
                )
              }
            />
          ))}
          {formulas.length < MAX_FORMULAS && (
            <button
              type="button"
              className={style.add}
              onClick={() => onChange({ ...state, formulas: [...formulas, { formula: '' }] })}
            >
              <Sigma size={13} aria-hidden /> Formula
            </button>
          )}
          <Problem at="formulas" but={formulas.map((_, i) => `formulas[${i}]`)} />
        </div>
      )}
      <div className={style.section}>
        <FilterList
          project={project}
          event={event}
          of="the report"
          at="filters"
          filters={state.filters}
          onChange={(filters) => onChange({ ...state, filters })}
        />
      </div>
      <div className={style.section}>
        <BreakdownLine
          project={project}
          event={event}
          breakdown={state.breakdown}
          onChange={(breakdown) => onChange({ ...state, breakdown })}
        />
      </div>
      <div className={style.section}>
        <div className={style.line}>
          <Choice
            label="Unit"
            value={state.unit}
            names={UNIT_NAMES}
            onChange={(unit) => onChange({ ...state, unit })}
          />
          <RangePicker
            range={state.range}
            now={props.now}
            onChange={(range) => onChange({ ...state, range })}
          />
        </div>
        <Compare
          compare={state.compare}
          chart={state.chart}
          range={state.range}
          now={props.now}
          onChange={(compare) => onChange({ ...state, compare })}
        />
        {['from', 'to', 'unit', 'compare'].map((at) => (
          <Problem key={at} at={at} />
        ))}
      </div>
      <OtherProblem
        places={['metrics', 'formulas', 'filters', 'breakdown', 'from', 'to', 'unit', 'compare']}
      />
    </div>
  );
}

function toggled(metric: Metric): Metric {
  const { hidden, ...rest } = metric;
  return hidden ? rest : { ...rest, hidden: true };
}

/** What a formula is made of is seldom of its size: it steps back. */
function calculating(state: InsightsState, formula: string): InsightsState {
  const needed = new Set(used(formula));
  return {
    ...state,
    metrics: state.metrics.map((one, i) => (needed.has(i) ? { ...one, hidden: true } : one)),
    formulas: [{ formula }],
  };
}

function withoutFormula(state: InsightsState, at: number): InsightsState {
  const formulas = state.formulas.filter((_, i) => i !== at);
  return {
    ...state,
    formulas,
    metrics: formulas.length > 0 ? state.metrics : shown(state.metrics),
  };
}

function FormulaLine(props: {
  number: number;
  formula: Formula;
  /** How many metrics there are to calculate with. */
  letters: number;
  dot: ReactNode;
  onChange: (formula: Formula | null) => void;
}) {
  const { formula, number, onChange } = props;
  const id = useId();
  const last = letter(props.letters - 1);
  return (
    <div className={style.formula} role="group" aria-label={`Formula ${number + 1}`}>
      <div className={style.line}>
        {props.dot}
        <Typed
          label={`Formula ${number + 1}`}
          type="text"
          value={formula.formula}
          placeholder={props.letters > 1 ? 'A / B' : 'A * 100'}
          describedBy={id}
          onValue={(text) => onChange({ ...formula, formula: text })}
        />
        <span className={style.word}>as</span>
        <Typed
          label={`Name of formula ${number + 1}`}
          type="text"
          value={formula.name}
          placeholder={formula.formula || 'name'}
          onValue={(text) => {
            const { formula: same } = formula;
            onChange(text.trim() ? { formula: same, name: text.trim() } : { formula: same });
          }}
        />
        <button
          type="button"
          className={style.remove}
          aria-label={`Remove formula ${number + 1}`}
          onClick={() => onChange(null)}
        >
          <X size={13} aria-hidden />
        </button>
      </div>
      <Problem at={`formulas[${number}]`} />
      <p id={id} className={style.help}>
        {props.letters > 1 ? `A to ${last}` : 'A'}, numbers, + − * / and brackets
      </p>
    </div>
  );
}

/** Shares of a whole are drawn of one period; with the one before they would be of two wholes. */
const UNDRAWN: readonly InsightsState['chart'][] = ['area', 'stacked', 'pie'];

function Compare(props: {
  compare: boolean;
  chart: InsightsState['chart'];
  range: Range;
  now: number;
  onChange: (compare: boolean) => void;
}) {
  const { timezone } = useProject();
  const before = daysBefore(daysOf(props.range, props.now, timezone));
  return (
    <label className={style.check}>
      <input
        type="checkbox"
        checked={props.compare}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      Compare with the period before
      {props.compare && (
        <span className={style.of}>
          {rangeLabel(before)}
          {UNDRAWN.includes(props.chart) && ', in the legend and the table'}
        </span>
      )}
    </label>
  );
}

export function BreakdownLine(props: {
  project: string;
  event: string | undefined;
  breakdown: Property | null;
  onChange: (breakdown: Property | null) => void;
}) {
  const { breakdown } = props;
  return (
    <div className={style.line}>
      {breakdown && <span className={style.word}>by</span>}
      <PropertyPicker
        profiles
        project={props.project}
        event={props.event}
        label={breakdown ? `By: ${propertyName(breakdown.property)}` : 'Breakdown by a property'}
        chosen={breakdown}
        {...(breakdown ? {} : { className: style.add as string })}
        onPick={props.onChange}
      >
        {breakdown ? (
          <>
            {propertyName(breakdown.property)}
            {breakdown.of && <span className={style.of}>of the person</span>}
          </>
        ) : (
          <>
            <Plus size={13} aria-hidden /> Breakdown
          </>
        )}
      </PropertyPicker>
      {breakdown && (
        <button
          type="button"
          className={style.remove}
          aria-label="Remove the breakdown"
          onClick={() => props.onChange(null)}
        >
          <X size={13} aria-hidden />
        </button>
      )}
      <Problem at="breakdown" />
    </div>
  );
}

function joining(measure: Measure): string {
  if (typeof measure === 'object') return 'in';
  return measure === 'total' || measure === 'per_user_avg' ? 'of' : 'who did';
}

function MeasureChoice(props: {
  project: string;
  metric: Metric;
  onChange: (measure: Measure) => void;
}) {
  const { measure, event } = props.metric;
  const [pending, setPending] = useState<Function | null>(null);
  const aggregate = pending ?? (typeof measure === 'object' ? measure.aggregate : null);
  return (
    <>
      <Menu position="bottom-start" width={230} offset={4}>
        <Menu.Target>
          <button
            type="button"
            className={picker.part}
            aria-label={`Measure: ${measureName(measure)}`}
          >
            {aggregate ? `${FUNCTION_NAMES[aggregate]} of` : measureName(measure)}
            <ChevronDown size={12} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {COUNTS.map((one) => (
            <Menu.Item
              key={one}
              onClick={() => {
                setPending(null);
                props.onChange(one);
              }}
            >
              {COUNT_NAMES[one]}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Label>Of a property</Menu.Label>
          {FUNCTIONS.map((one) => (
            <Menu.Item
              key={one}
              onClick={() =>
                typeof measure === 'object'
                  ? props.onChange({ ...measure, aggregate: one })
                  : setPending(one)
              }
            >
              {FUNCTION_NAMES[one]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {aggregate && (
        <PropertyPicker
          key={aggregate}
          project={props.project}
          event={event}
          label={
            typeof measure === 'object'
              ? `Measured property: ${propertyName(measure.property)}`
              : 'Choose the measured property'
          }
          initiallyOpen={pending !== null}
          onPick={({ property }) => {
            setPending(null);
            props.onChange({ aggregate, property });
          }}
        >
          {typeof measure === 'object' ? (
            propertyName(measure.property)
          ) : (
            <span className={style.missing}>choose a property</span>
          )}
        </PropertyPicker>
      )}
    </>
  );
}
