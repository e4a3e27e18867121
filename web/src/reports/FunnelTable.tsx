import type { FunnelSegment } from '../api/reports';
import type { Table } from '../lib/download';
import { count } from '../lib/format';
import { TableMenu } from '../lib/TableMenu';
import { type PickPart, same, stepName } from './FunnelBars';
import style from './Reports.module.css';
import type { FunnelPoint, FunnelState } from './state';
import { TimesButton } from './TimesButton';
import { percent, segmentName, timeText } from './words';

export function FunnelTable(props: {
  state: FunnelState;
  segments: FunnelSegment[];
  colours: string[];
  chosen: FunnelPoint | null;
  /** The same, to take along. */
  taken: () => Table;
  onPick: PickPart;
}) {
  const { state, segments, chosen } = props;
  const what = state.count === 'total' ? 'Attempts' : 'People';
  return (
    <div className={style.sheet}>
      <TableMenu table={props.taken} />
      <div className={style.scroller}>
        <table className={style.table}>
          <caption className="unseen">The funnel’s numbers</caption>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">{what}</th>
              <th scope="col">Of the first</th>
              <th scope="col">Of the one before</th>
              <th scope="col">Dropped before it</th>
              <th scope="col">Median time</th>
              <th scope="col">90% within</th>
            </tr>
          </thead>
          {segments.map((segment, s) => (
            <tbody key={s}>
              {segment.segment !== null && (
                <tr className={style.whole}>
                  <th scope="rowgroup" colSpan={7}>
                    <i className={style.dot} style={{ background: props.colours[s] }} aria-hidden />
                    {segmentName(segment.segment)}
                  </th>
                </tr>
              )}
              {segment.steps.map((step, i) => {
                const lost = i === 0 ? null : (segment.steps[i - 1]?.count ?? 0) - step.count;
                const cell = (outcome: FunnelPoint['outcome'], value: number) => {
                  const point: FunnelPoint = {
                    step: i + 1,
                    outcome,
                    ...(segment.segment === null ? {} : { segment: segment.segment }),
                  };
                  const verb = outcome === 'converted' ? 'did it' : 'dropped before it';
                  return (
                    <td data-chosen={same(chosen, point) || undefined}>
                      <button
                        type="button"
                        className={style.cell}
                        aria-haspopup="menu"
                        aria-label={`${segment.segment === null ? '' : `${segmentName(segment.segment)}, `}${stepName(state, i + 1)}: ${count(value)} ${verb}`}
                        title={value.toLocaleString('en')}
                        onClick={(event) => {
                          const box = event.currentTarget.getBoundingClientRect();
                          props.onPick(point, box.left, box.bottom, event.currentTarget);
                        }}
                      >
                        {count(value)}
                      </button>
                    </td>
                  );
                };
                return (
                  <tr key={i}>
                    <th scope="row">
                      {i + 1} {stepName(state, i + 1)}
                    </th>
                    {cell('converted', step.count)}
                    <td>{percent(step.rate)}</td>
                    <td>{i === 0 ? '–' : percent(step.step_rate)}</td>
                    {lost === null ? <td>–</td> : cell('dropped', lost)}
                    <td className={style.time}>
                      {i === 0 ? (
                        '–'
                      ) : (
                        <TimesButton
                          times={step}
                          name={`${segment.segment === null ? '' : `${segmentName(segment.segment)}: `}to ${stepName(state, i + 1)}`}
                          who={what.toLowerCase()}
                          colour={props.colours[segments.length === 1 ? i : s]}
                        >
                          {timeText(step.median_ms)}
                        </TimesButton>
                      )}
                    </td>
                    <td>{i === 0 ? '–' : timeText(step.p90_ms)}</td>
                  </tr>
                );
              })}
            </tbody>
          ))}
        </table>
      </div>
    </div>
  );
}
