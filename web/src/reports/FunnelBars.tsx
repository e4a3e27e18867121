import type { FunnelSegment } from '../api/reports';
import { count } from '../lib/format';
import style from './Funnel.module.css';
import type { FunnelPoint, FunnelState } from './state';
import { TimesButton } from './TimesButton';
import { eventLabel, percent, segmentName, timeText } from './words';

export type PickPart = (point: FunnelPoint, x: number, y: number, from: HTMLElement) => void;

export const stepName = (state: Pick<FunnelState, 'order' | 'steps'>, step: number) =>
  state.order === 'any'
    ? `Any ${step} of ${state.steps.length}`
    : eventLabel(state.steps[step - 1]?.event ?? '');

const at = (segment: FunnelSegment) =>
  segment.segment === null ? {} : { segment: segment.segment };

export const same = (one: FunnelPoint | null, other: FunnelPoint) =>
  one !== null &&
  one.step === other.step &&
  one.outcome === other.outcome &&
  one.segment === other.segment &&
  one.t === other.t;

/** For each step a bar per segment: those who came so far, and on top, hatched, those who were lost on the way. */
export function FunnelBars(props: {
  state: FunnelState;
  segments: FunnelSegment[];
  /** Of each segment; of each step when there is but one. */
  colours: string[];
  chosen: FunnelPoint | null;
  summary: string;
  onPick: PickPart;
}) {
  const { state, segments, chosen } = props;
  const most = Math.max(1, ...segments.map((one) => one.steps[0]?.count ?? 0));
  const single = segments.length === 1;
  const part = (point: FunnelPoint, people: number, of: FunnelSegment) => {
    const name =
      point.outcome === 'converted'
        ? `${stepName(state, point.step)}: ${count(people)} converted`
        : `${stepName(state, point.step)}: ${count(people)} dropped before it`;
    return (
      <button
        type="button"
        className={style[point.outcome]}
        data-chosen={same(chosen, point) || undefined}
        style={{ height: `max(${(people / most) * 100}%, 4px)` }}
        aria-label={single ? name : `${segmentName(of.segment)}, ${name}`}
        aria-haspopup="menu"
        title={single ? name : `${segmentName(of.segment)}, ${name}`}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const [x, y] = event.detail
            ? [event.clientX, event.clientY]
            : [box.left + box.width / 2, box.top + Math.min(box.height, 24)];
          props.onPick(point, x, y, event.currentTarget);
        }}
      />
    );
  };
  return (
    <div className={style.funnel} role="group" aria-label={props.summary}>
      <ol className={style.steps}>
        {state.steps.map((_, i) => {
          const overall = single ? segments[0]?.steps[i] : undefined;
          const before = single ? segments[0]?.steps[i - 1] : undefined;
          return (
            <li key={i} className={style.step}>
              <div className={style.plot}>
                {segments.map((segment, s) => {
                  const done = segment.steps[i]?.count ?? 0;
                  const lost = i === 0 ? 0 : (segment.steps[i - 1]?.count ?? 0) - done;
                  return (
                    <div
                      key={s}
                      className={style.bar}
                      style={{ '--bar': props.colours[single ? i : s] } as React.CSSProperties}
                    >
                      {lost > 0 &&
                        part({ step: i + 1, outcome: 'dropped', ...at(segment) }, lost, segment)}
                      {done > 0 &&
                        part({ step: i + 1, outcome: 'converted', ...at(segment) }, done, segment)}
                    </div>
                  );
                })}
              </div>
              <div className={style.under}>
                <b title={stepName(state, i + 1)}>
                  <span>{i + 1}</span> {stepName(state, i + 1)}
                </b>
                {overall && (
                  <>
                    <span className={style.rate}>{percent(overall.rate)}</span>
                    <span title={overall.count.toLocaleString('en')}>
                      {count(overall.count)}
                      {before ? ` · ${percent(overall.step_rate)} of step ${i}` : ''}
                    </span>
                    {before && (
                      <TimesButton
                        times={overall}
                        name={
                          state.order === 'any'
                            ? `From any ${i} to any ${i + 1}`
                            : `From ${stepName(state, i)} to ${stepName(state, i + 1)}`
                        }
                        who={state.count === 'total' ? 'attempts' : 'people'}
                        colour={props.colours[i]}
                      >
                        median {timeText(overall.median_ms)}
                      </TimesButton>
                    )}
                  </>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
