import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';

import style from './Builder.module.css';
import { FilterList, Typed } from './FilterList';
import { BreakdownLine } from './InsightsBuilder';
import { Choice } from './Picker';
import { EventPicker } from './pickers';
import { type Step, moved } from './parts';
import { RangePicker } from './RangePicker';
import type { FunnelState, WindowUnit } from './state';
import { eventLabel } from './words';

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
  const put = (next: Step[]) => onChange({ ...state, steps: next });
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
