import type { Series } from '../api/reports';
import type { Table } from '../lib/download';
import { count } from '../lib/format';
import { TableMenu } from '../lib/TableMenu';
import type { Unit } from './parts';
import style from './Reports.module.css';
import { bucketLabel, valueText } from './words';

/** More rows than anyone reads. */
const ROWS = 400;

/** The chart's data, newest first; every cell opens the same menu as its point. */
export function InsightsTable(props: {
  series: Series[];
  names: string[];
  unit: Unit;
  range: string;
  /** The whole of it, to take along. */
  taken: () => Table;
  chosen: { line: number; bucket: number | null } | null;
  onPick: (line: number, bucket: number | null, from: HTMLElement) => void;
}) {
  const { series, names, unit, chosen } = props;
  const buckets = series[0]?.points ?? [];
  const shown = buckets.map((point, i) => [point.t, i] as const).slice(-ROWS);
  const cell = (line: number, bucket: number | null, value: number | null, of: string) => (
    <td key={line} data-chosen={(chosen?.line === line && chosen.bucket === bucket) || undefined}>
      <button
        type="button"
        className={style.cell}
        aria-label={`${names[line] ?? ''}, ${of}: ${valueText(value)}`}
        aria-haspopup="menu"
        title={value === null ? undefined : value.toLocaleString('en')}
        onClick={(event) => props.onPick(line, bucket, event.currentTarget)}
      >
        {valueText(value)}
      </button>
    </td>
  );
  return (
    <div className={style.sheet}>
      <TableMenu table={props.taken} />
      <div className={style.scroller}>
        <table className={style.table}>
          <caption className="unseen">The chart’s numbers, newest first</caption>
          <thead>
            <tr>
              <th scope="col">{unit === 'hour' ? 'Hour' : 'Time'}</th>
              {names.map((name, i) => (
                <th key={i} scope="col" title={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className={style.whole}>
              <th scope="row">{props.range}</th>
              {series.map((one, line) => cell(line, null, one.total, props.range))}
            </tr>
            {shown.toReversed().map(([t, bucket]) => (
              <tr key={t}>
                <th scope="row">{bucketLabel(t, unit)}</th>
                {series.map((one, line) =>
                  cell(line, bucket, one.points[bucket]?.value ?? null, bucketLabel(t, unit)),
                )}
              </tr>
            ))}
          </tbody>
        </table>
        {buckets.length > ROWS && (
          <p className={style.hint}>
            The newest {ROWS} of {count(buckets.length)} rows. A longer unit shows the whole range.
          </p>
        )}
      </div>
    </div>
  );
}
