import type { FlowsReport } from '../api/flows';
import { count } from '../lib/format';
import reports from '../reports/Reports.module.css';
import { percent } from '../reports/words';
import style from './Flows.module.css';
import type { PickFlow } from './FlowsChart';
import {
  type FlowPoint,
  type FlowsState,
  flowPointText,
  nodeName,
  samePoint,
  stepName,
} from './state';
import { flowRows } from './table';

/** Every way between two events, for keys and for exact numbers. */
export function FlowsTable(props: {
  state: FlowsState;
  report: FlowsReport;
  chosen: FlowPoint | null;
  onPick: PickFlow;
}) {
  const { state, report, chosen, onPick } = props;
  const rows = flowRows(report);
  const steps = [...new Set(rows.map((row) => row.step))];
  const named = (event: string) => nodeName(event, state.direction);
  return (
    <div className={reports.scroller}>
      <table className={reports.table}>
        <caption className="unseen">Ways between events</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" className={style.to}>
              To
            </th>
            <th scope="col">People</th>
            <th scope="col">Of from</th>
          </tr>
        </thead>
        {steps.map((step) => (
          <tbody key={step}>
            <tr className={reports.whole}>
              <th scope="rowgroup" colSpan={4}>
                {step === 0
                  ? `Right ${state.direction} ${stepName(state, 0)}`
                  : `From ${stepName(state, step)}`}
              </th>
            </tr>
            {rows
              .filter((row) => row.step === step)
              .map((row) => {
                const point = { step, from: row.from, to: row.to };
                return (
                  <tr key={`${row.from} ${row.to}`}>
                    <th scope="row">{named(row.from)}</th>
                    <td className={style.to}>{named(row.to)}</td>
                    <td data-chosen={samePoint(chosen, point) || undefined}>
                      <button
                        type="button"
                        className={reports.cell}
                        aria-haspopup="menu"
                        aria-label={`${flowPointText(state, point)}: ${row.count.toLocaleString('en')} people`}
                        title={row.count.toLocaleString('en')}
                        onClick={(event) => {
                          const box = event.currentTarget.getBoundingClientRect();
                          onPick(point, row.count, box.left, box.bottom, event.currentTarget);
                        }}
                      >
                        {count(row.count)}
                      </button>
                    </td>
                    <td>{percent(row.share)}</td>
                  </tr>
                );
              })}
          </tbody>
        ))}
      </table>
    </div>
  );
}
