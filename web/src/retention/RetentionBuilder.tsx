import { Plus, X } from 'lucide-react';

import style from '../reports/Builder.module.css';
import { FilterList, Typed } from '../reports/FilterList';
import { BreakdownLine } from '../reports/InsightsBuilder';
import { Choice } from '../reports/Picker';
import { EventPicker } from '../reports/pickers';
import { OtherProblem, Problem } from '../reports/Problem';
import { RangePicker } from '../reports/RangePicker';
import { eventLabel } from '../reports/words';
import { MOST_PERIODS, type RetentionState, unitWord } from './state';

const UNIT_NAMES = { day: 'daily', week: 'weekly', month: 'monthly' } as const;
const CRITERION_NAMES = { on: 'in that very', on_or_after: 'in that or a later' } as const;

const PLACES = ['first', 'return', 'unit', 'periods', 'criterion', 'filters', 'breakdown'];

/** People who first did Sign Up and then came back to do anything, weekly, over 8 weeks, last 90 days. */
export function RetentionBuilder(props: {
  project: string;
  state: RetentionState;
  now: number;
  onChange: (state: RetentionState) => void;
}) {
  const { project, state, onChange } = props;
  const { first, back } = state;
  const firstName = first ? eventLabel(first.event) : '';
  const backName = back.event === null ? 'anything' : eventLabel(back.event);
  return (
    <div className={style.builder}>
      <div className={style.row}>
        <div className={style.line}>
          <span className={style.word}>People who first did</span>
          <EventPicker
            project={project}
            label={first ? `First: ${firstName}` : 'Choose what people do first'}
            {...(first ? { chosen: first.event } : { className: style.add as string })}
            onPick={(event) => onChange({ ...state, first: { filters: [], ...first, event } })}
          >
            {first ? (
              firstName
            ) : (
              <>
                <Plus size={13} aria-hidden /> Event
              </>
            )}
          </EventPicker>
        </div>
        {first && (
          <div className={style.inner}>
            <FilterList
              project={project}
              event={first.event}
              of={firstName}
              at="first.filters"
              filters={first.filters}
              onChange={(filters) => onChange({ ...state, first: { ...first, filters } })}
            />
            <Problem at="first" but={['first.filters']} />
          </div>
        )}
      </div>
      <div className={style.row}>
        <div className={style.line}>
          <span className={style.word}>and came back to do</span>
          <EventPicker
            project={project}
            label={`Then: ${backName}`}
            {...(back.event === null ? {} : { chosen: back.event })}
            onPick={(event) => onChange({ ...state, back: { ...back, event } })}
          >
            {backName}
          </EventPicker>
          {back.event !== null && (
            <button
              type="button"
              className={style.remove}
              aria-label="Anything counts as coming back"
              title="Anything counts"
              onClick={() => onChange({ ...state, back: { event: null, filters: [] } })}
            >
              <X size={13} aria-hidden />
            </button>
          )}
        </div>
        <div className={style.inner}>
          <FilterList
            project={project}
            event={back.event ?? undefined}
            of={backName}
            at="return.filters"
            filters={back.filters}
            onChange={(filters) => onChange({ ...state, back: { ...back, filters } })}
          />
          <Problem at="return" but={['return.filters']} />
        </div>
      </div>
      <div className={style.section}>
        <div className={style.line}>
          <Choice
            label="Unit"
            value={state.unit}
            names={UNIT_NAMES}
            onChange={(unit) => onChange({ ...state, unit })}
          />
          <span className={style.word}>over</span>
          <Typed
            label={`Number of ${unitWord(state.unit, true)}`}
            type="number"
            min={1}
            max={MOST_PERIODS}
            value={state.periods}
            onValue={(text) => {
              const periods = Math.min(Math.max(1, Math.round(Number(text))), MOST_PERIODS);
              if (Number.isFinite(periods)) onChange({ ...state, periods });
            }}
          />
          <span className={style.word}>{unitWord(state.unit, state.periods !== 1)}</span>
        </div>
        <Problem at="periods" />
        <div className={style.line}>
          <span className={style.word}>back</span>
          <Choice
            label="What counts"
            value={state.criterion}
            names={CRITERION_NAMES}
            onChange={(criterion) => onChange({ ...state, criterion })}
          />
          <span className={style.word}>{unitWord(state.unit, false)}</span>
        </div>
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
        <BreakdownLine
          project={project}
          event={first?.event}
          breakdown={state.breakdown}
          onChange={(breakdown) => onChange({ ...state, breakdown })}
        />
        <Problem at="breakdown" />
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
