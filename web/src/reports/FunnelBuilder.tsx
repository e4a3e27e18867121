import { ArrowDown, ArrowUp, CircleSlash, Equal, Plus, X } from 'lucide-react';
import { Fragment } from 'react';

import { propertyName } from '../lib/format';
import style from './Builder.module.css';
import { FilterList, Typed } from './FilterList';
import { BreakdownLine } from './InsightsBuilder';
import { Choice } from './Picker';
import { EventPicker, PropertyPicker } from './pickers';
import { OtherProblem, Problem } from './Problem';
import { type Step, moved } from './parts';
import { RangePicker } from './RangePicker';
import { type Exclusion, type FunnelState, MAX_HELD, type WindowUnit, withSteps } from './state';
import { UNIT_NAMES, eventLabel } from './words';

const WINDOWS: Record<WindowUnit, string> = {
  second: 'seconds',
  minute: 'minutes',
  hour: 'hours',
  day: 'days',
  week: 'weeks',
};

const LONGEST: Record<WindowUnit, number> = {
  second: 366 * 86_400,
  minute: 366 * 1_440,
  hour: 366 * 24,
  day: 366,
  week: 52,
};

/** People who did View Item, then Add to Cart, within 7 days; by OS; last 30 days. */
export function FunnelBuilder(props: {
  project: string;
  state: FunnelState;
  now: number;
  onChange: (state: FunnelState) => void;
}) {
  const { project, state, onChange } = props;
  const { steps } = state;
  const put = (next: Step[]) => onChange(withSteps(state, next));
  const change = (at: number, step: Step) => put(steps.map((one, i) => (i === at ? step : one)));
  return (
    <div className={style.builder}>
      <ol className={style.rows} aria-label="Steps">
        {steps.map((step, i) => {
          const name = eventLabel(step.event);
          return (
            <li key={i} className={style.row}>
              <div className={style.line}>
                <span className={style.number}>{i + 1}</span>
                <EventPicker
                  project={project}
                  label={`Step ${i + 1}: ${name}`}
                  chosen={step.event}
                  onPick={(event) => change(i, { ...step, event })}
                >
                  {name}
                </EventPicker>
                <span className={style.tools}>
                  <button
                    type="button"
                    className={style.remove}
                    disabled={i === 0}
                    aria-label={`Move ${name} up`}
                    onClick={() => put(moved(steps, i, i - 1))}
                  >
                    <ArrowUp size={13} aria-hidden />
                  </button>
                  <button
                    type="button"
                    className={style.remove}
                    disabled={i === steps.length - 1}
                    aria-label={`Move ${name} down`}
                    onClick={() => put(moved(steps, i, i + 1))}
                  >
                    <ArrowDown size={13} aria-hidden />
                  </button>
                  <button
                    type="button"
                    className={style.remove}
                    aria-label={`Remove step ${i + 1}, ${name}`}
                    onClick={() => put(steps.filter((_, other) => other !== i))}
                  >
                    <X size={13} aria-hidden />
                  </button>
                </span>
              </div>
              <div className={style.inner}>
                <Problem at={`steps[${i}]`} but={[`steps[${i}].filters`]} />
                <FilterList
                  project={project}
                  event={step.event}
                  of={`step ${i + 1}`}
                  at={`steps[${i}].filters`}
                  filters={step.filters}
                  onChange={(filters) => change(i, { ...step, filters })}
                />
              </div>
            </li>
          );
        })}
      </ol>
      <Problem at="steps" but={steps.map((_, i) => `steps[${i}]`)} />
      {steps.length < 20 && (
        <EventPicker
          project={project}
          label={steps.length === 0 ? 'Add the first step' : 'Add a step'}
          className={style.add as string}
          onPick={(event) => put([...steps, { event, filters: [] }])}
        >
          <Plus size={13} aria-hidden /> {steps.length === 0 ? 'First step' : 'Step'}
        </EventPicker>
      )}
      <div className={style.section}>
        <div className={style.line}>
          <Choice
            label="Order"
            value={state.order}
            names={{ specific: 'in this order', any: 'in any order' }}
            onChange={(order) =>
              onChange({
                ...state,
                order,
                ...(order === 'any' ? { count: 'unique' as const } : {}),
              })
            }
          />
          <span className={style.word}>within</span>
          <Typed
            label="Window"
            type="number"
            min={1}
            max={LONGEST[state.window.unit]}
            value={state.window.value}
            onValue={(text) => {
              const value = Math.min(
                Math.max(1, Math.round(Number(text))),
                LONGEST[state.window.unit],
              );
              onChange({ ...state, window: { ...state.window, value } });
            }}
          />
          <Choice
            label="Window unit"
            value={state.window.unit}
            names={WINDOWS}
            onChange={(unit) =>
              onChange({
                ...state,
                window: { unit, value: Math.min(state.window.value, LONGEST[unit]) },
              })
            }
          />
        </div>
        {['window', 'order', 'count'].map((at) => (
          <Problem key={at} at={at} />
        ))}
        {state.order === 'specific' && (
          <div className={style.line}>
            <span className={style.word}>counting</span>
            <Choice
              label="Count"
              value={state.count}
              names={{ unique: 'each person once', total: 'every attempt' }}
              onChange={(count) => onChange({ ...state, count })}
            />
          </div>
        )}
      </div>
      {steps.length >= 2 && (
        <div className={style.section}>
          {state.exclusions.map((exclusion, i) => (
            <ExclusionLine
              key={i}
              project={project}
              number={i}
              exclusion={exclusion}
              steps={steps}
              order={state.order}
              onChange={(next) =>
                onChange({
                  ...state,
                  exclusions: state.exclusions.flatMap((one, at) =>
                    at !== i ? [one] : next ? [next] : [],
                  ),
                })
              }
            />
          ))}
          <Held
            project={project}
            event={steps[0]?.event}
            hold={state.hold}
            onChange={(hold) => onChange({ ...state, hold })}
          />
          <div className={style.line}>
            <EventPicker
              project={project}
              label="Exclude an event"
              className={style.add as string}
              onPick={(event) =>
                onChange({ ...state, exclusions: [...state.exclusions, { event, filters: [] }] })
              }
            >
              <CircleSlash size={13} aria-hidden /> Exclude
            </EventPicker>
            {state.hold.length === 0 && (
              <PropertyPicker
                project={project}
                event={steps[0]?.event}
                label="Hold constant: a property"
                className={style.add as string}
                onPick={({ property }) => onChange({ ...state, hold: [property] })}
              >
                <Equal size={13} aria-hidden /> Hold constant
              </PropertyPicker>
            )}
          </div>
          <Problem at="exclusions" but={state.exclusions.map((_, i) => `exclusions[${i}]`)} />
        </div>
      )}
      <div className={style.section}>
        <FilterList
          project={project}
          event={undefined}
          of="the funnel"
          at="filters"
          filters={state.filters}
          onChange={(filters) => onChange({ ...state, filters })}
        />
      </div>
      <div className={style.section}>
        <BreakdownLine
          project={project}
          event={steps[0]?.event}
          breakdown={state.breakdown}
          onChange={(breakdown) => onChange({ ...state, breakdown })}
        />
      </div>
      <div className={style.section}>
        <div className={style.line}>
          {state.trend && (
            <Choice
              label="Unit"
              value={state.trend}
              names={UNIT_NAMES}
              onChange={(trend) => onChange({ ...state, trend })}
            />
          )}
          <RangePicker
            range={state.range}
            now={props.now}
            onChange={(range) => onChange({ ...state, range })}
          />
        </div>
        {['from', 'to', 'unit'].map((at) => (
          <Problem key={at} at={at} />
        ))}
      </div>
      <OtherProblem places={PLACES} />
    </div>
  );
}

const PLACES = [
  'steps',
  'exclusions',
  'hold',
  'window',
  'order',
  'count',
  'filters',
  'breakdown',
  'from',
  'to',
  'unit',
];

/** An event that ends an attempt when it happens between two steps. */
function ExclusionLine(props: {
  project: string;
  number: number;
  exclusion: Exclusion;
  steps: Step[];
  order: FunnelState['order'];
  onChange: (exclusion: Exclusion | null) => void;
}) {
  const { exclusion, steps, number, onChange } = props;
  const name = eventLabel(exclusion.event);
  const [after, before] = [exclusion.after ?? 1, exclusion.before ?? steps.length];
  const between = (from: number, to: number) => {
    const { event, filters } = exclusion;
    onChange({
      event,
      filters,
      ...(from > 1 ? { after: from } : {}),
      ...(to < steps.length ? { before: to } : {}),
    });
  };
  const names = (from: number, to: number) =>
    Object.fromEntries(
      steps.flatMap((step, i) =>
        i + 1 >= from && i + 1 <= to
          ? [
              [
                String(i + 1),
                props.order === 'any' ? `step ${i + 1}` : `${i + 1} ${eventLabel(step.event)}`,
              ],
            ]
          : [],
      ),
    );
  return (
    <div className={style.condition} role="group" aria-label={`Exclusion: ${name}`}>
      <div className={style.filter}>
        <span className={style.word}>{number === 0 ? 'without' : 'or'}</span>
        <EventPicker
          project={props.project}
          label={`Excluded: ${name}`}
          chosen={exclusion.event}
          onPick={(event) => onChange({ ...exclusion, event })}
        >
          {name}
        </EventPicker>
        {steps.length > 2 && (
          <>
            <span className={style.word}>between</span>
            <Choice
              label="After step"
              value={String(after)}
              names={names(1, before - 1)}
              onChange={(value) => between(Number(value), before)}
            />
            <span className={style.word}>and</span>
            <Choice
              label="Before step"
              value={String(before)}
              names={names(after + 1, steps.length)}
              onChange={(value) => between(after, Number(value))}
            />
          </>
        )}
        <button
          type="button"
          className={style.remove}
          aria-label={`Remove the exclusion of ${name}`}
          onClick={() => onChange(null)}
        >
          <X size={13} aria-hidden />
        </button>
      </div>
      <Problem at={`exclusions[${number}]`} but={[`exclusions[${number}].filters`]} />
      <div className={style.inner}>
        <FilterList
          project={props.project}
          event={exclusion.event}
          of={`the exclusion of ${name}`}
          at={`exclusions[${number}].filters`}
          filters={exclusion.filters}
          onChange={(filters) => onChange({ ...exclusion, filters })}
        />
      </div>
    </div>
  );
}

/** Properties that are the same on every step: with the same item, and the same browser. */
function Held(props: {
  project: string;
  event: string | undefined;
  hold: string[];
  onChange: (hold: string[]) => void;
}) {
  const { hold, onChange } = props;
  if (hold.length === 0) return <Problem at="hold" />;
  return (
    <div className={style.condition} role="group" aria-label="Held constant">
      <div className={style.filter}>
        {hold.map((property, i) => (
          <Fragment key={property}>
            <span className={style.word}>{i === 0 ? 'with the same' : 'and'}</span>
            <PropertyPicker
              project={props.project}
              event={props.event}
              label={`Held constant: ${propertyName(property)}`}
              chosen={{ property }}
              onPick={(next) =>
                onChange([...new Set(hold.map((one, at) => (at === i ? next.property : one)))])
              }
            >
              {propertyName(property)}
            </PropertyPicker>
            <button
              type="button"
              className={style.remove}
              aria-label={`No longer hold ${propertyName(property)} constant`}
              onClick={() => onChange(hold.filter((one) => one !== property))}
            >
              <X size={13} aria-hidden />
            </button>
          </Fragment>
        ))}
        {hold.length < MAX_HELD && (
          <PropertyPicker
            project={props.project}
            event={props.event}
            label="Hold another property constant"
            className={style.or as string}
            onPick={({ property }) => onChange([...new Set([...hold, property])])}
          >
            and
          </PropertyPicker>
        )}
      </div>
      <Problem at="hold" />
    </div>
  );
}
