import { EyeOff, Plus, X } from 'lucide-react';

import style from '../reports/Builder.module.css';
import { FilterList, Typed } from '../reports/FilterList';
import { Choice } from '../reports/Picker';
import { EventPicker } from '../reports/pickers';
import { OtherProblem, Problem } from '../reports/Problem';
import { RangePicker } from '../reports/RangePicker';
import { eventLabel } from '../reports/words';
import { type FlowWindowUnit, type FlowsState, MOST_PER_STEP, MOST_STEPS } from './state';

const DIRECTIONS = { after: 'after', before: 'before' } as const;
const WINDOWS: Record<FlowWindowUnit, string> = {
  second: 'seconds',
  minute: 'minutes',
  hour: 'hours',
  day: 'days',
};
const PLACES = ['start', 'steps', 'per_step', 'window', 'hidden', 'filters'];

const within = (text: string, most: number): number | null => {
  const value = Math.min(Math.max(1, Math.round(Number(text))), most);
  return Number.isFinite(value) ? value : null;
};

/** What people do after Checkout, 3 steps, the 5 most frequent of each, within 30 minutes, last 30 days. */
export function FlowsBuilder(props: {
  project: string;
  state: FlowsState;
  now: number;
  onChange: (state: FlowsState) => void;
}) {
  const { project, state, onChange } = props;
  const { start } = state;
  const name = start ? eventLabel(start.event) : '';
  return (
    <div className={style.builder}>
      <div className={style.row}>
        <div className={style.line}>
          <span className={style.word}>What people do</span>
          <Choice
            label="Direction"
            value={state.direction}
            names={DIRECTIONS}
            onChange={(direction) => onChange({ ...state, direction })}
          />
          <EventPicker
            project={project}
            label={start ? `Start: ${name}` : 'Choose where the paths start'}
            {...(start ? { chosen: start.event } : { className: style.add as string })}
            onPick={(event) => onChange({ ...state, start: { filters: [], ...start, event } })}
          >
            {start ? (
              name
            ) : (
              <>
                <Plus size={13} aria-hidden /> Event
              </>
            )}
          </EventPicker>
        </div>
        {start && (
          <div className={style.inner}>
            <FilterList
              project={project}
              event={start.event}
              of={name}
              at="start.filters"
              filters={start.filters}
              onChange={(filters) => onChange({ ...state, start: { ...start, filters } })}
            />
            <Problem at="start" but={['start.filters']} />
          </div>
        )}
      </div>
      <div className={style.section}>
        <div className={style.line}>
          <Typed
            label="Steps"
            type="number"
            min={1}
            max={MOST_STEPS}
            value={state.steps}
            onValue={(text) => {
              const steps = within(text, MOST_STEPS);
              if (steps !== null) onChange({ ...state, steps });
            }}
          />
          <span className={style.word}>{state.steps === 1 ? 'step' : 'steps'}, the top</span>
          <Typed
            label="Events of each step"
            type="number"
            min={1}
            max={MOST_PER_STEP}
            value={state.per_step}
            onValue={(text) => {
              const per_step = within(text, MOST_PER_STEP);
              if (per_step !== null) onChange({ ...state, per_step });
            }}
          />
          <span className={style.word}>of each</span>
        </div>
        <Problem at="steps" />
        <Problem at="per_step" />
        <div className={style.line}>
          <span className={style.word}>within</span>
          <Typed
            label="Window"
            type="number"
            min={1}
            value={state.window.value}
            onValue={(text) => {
              const value = within(text, 9_999_999);
              if (value !== null) onChange({ ...state, window: { ...state.window, value } });
            }}
          />
          <Choice
            label="Window unit"
            value={state.window.unit}
            names={WINDOWS}
            onChange={(unit) => onChange({ ...state, window: { ...state.window, unit } })}
          />
        </div>
        <Problem at="window" />
      </div>
      <div className={style.section}>
        {state.hidden.length > 0 && (
          <div className={style.line} role="group" aria-label="Passed over">
            <span className={style.word}>without</span>
            {state.hidden.map((event) => (
              <button
                key={event}
                type="button"
                className={style.add}
                aria-label={`Show ${eventLabel(event)} again`}
                onClick={() =>
                  onChange({ ...state, hidden: state.hidden.filter((one) => one !== event) })
                }
              >
                {eventLabel(event)} <X size={12} aria-hidden />
              </button>
            ))}
          </div>
        )}
        <EventPicker
          project={project}
          label="Pass over an event"
          className={style.add as string}
          onPick={(event) => onChange({ ...state, hidden: [...new Set([...state.hidden, event])] })}
        >
          <EyeOff size={13} aria-hidden /> Pass over an event
        </EventPicker>
        <Problem at="hidden" />
      </div>
      <div className={style.section}>
        <FilterList
          project={project}
          event={undefined}
          of="the report"
          at="filters"
          filters={state.filters}
          onChange={(filters) => onChange({ ...state, filters })}
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
        <OtherProblem places={PLACES} />
      </div>
    </div>
  );
}
