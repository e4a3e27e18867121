import { Menu } from '@mantine/core';
import { ChevronDown, Plus, X } from 'lucide-react';
import { useState } from 'react';

import { propertyName } from '../lib/format';
import style from './Builder.module.css';
import { FilterList } from './FilterList';
import { Choice } from './Picker';
import type { Property } from './parts';
import { EventPicker, PropertyPicker } from './pickers';
import picker from './Picker.module.css';
import { RangePicker } from './RangePicker';
import {
  COUNTS,
  FUNCTIONS,
  type Function,
  type InsightsState,
  type Measure,
  type Metric,
} from './state';
import { COUNT_NAMES, FUNCTION_NAMES, UNIT_NAMES, eventLabel, measureName } from './words';

/** The report as a sentence: unique people who did Checkout, where Browser is Chrome, by OS, daily, last 30 days. */
export function InsightsBuilder(props: {
  project: string;
  state: InsightsState;
  now: number;
  /** Of each metric, as the chart paints it. */
  colours: string[];
  onChange: (state: InsightsState) => void;
}) {
  const { project, state, onChange } = props;
  const { metrics } = state;
  const change = (at: number, metric: Metric) =>
    onChange({ ...state, metrics: metrics.map((one, i) => (i === at ? metric : one)) });
  const event = metrics.length === 1 ? metrics[0]?.event : undefined;
  return (
    <div className={style.builder}>
      <ol className={style.rows}>
        {metrics.map((metric, i) => (
          <li key={i} className={style.row}>
            <div className={style.line}>
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
                {!state.breakdown && (
                  <i className={style.dot} style={{ background: props.colours[i] }} aria-hidden />
                )}
                {eventLabel(metric.event)}
              </EventPicker>
              {metrics.length > 1 && (
                <button
                  type="button"
                  className={style.remove}
                  aria-label={`Remove ${eventLabel(metric.event)}`}
                  onClick={() =>
                    onChange({ ...state, metrics: metrics.filter((_, other) => other !== i) })
                  }
                >
                  <X size={13} aria-hidden />
                </button>
              )}
            </div>
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
      </div>
    </div>
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
        label={breakdown ? `By: ${propertyName(breakdown.property)}` : 'Break down by a property'}
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
