import { Fragment } from 'react';

import type { Series } from '../api/reports';
import type { Table } from '../lib/download';
import { count } from '../lib/format';
import { TableMenu } from '../lib/TableMenu';
import type { Unit } from './parts';
import style from './Reports.module.css';
import { bucketLabel, changeText, valueText } from './words';

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
  chosen: { line: number; bucket: number | null; previous: boolean } | null;
  onPick: (line: number, bucket: number | null, previous: boolean, from: HTMLElement) => void;
}) {
  const { series, names, unit, chosen } = props;
  const buckets = series[0]?.points ?? [];
  const compared = series.some((one) => one.previous);
  const shown = buckets.map((point, i) => [point.t, i] as const).slice(-ROWS);
  const cell = (
    line: number,
    bucket: number | null,
    previous: boolean,
    value: number | null,
    of: string,
  ) => (
    <td
      data-chosen={
        (chosen?.line === line && chosen.bucket === bucket && chosen.previous === previous) ||
        undefined
      }
    >
      <button
        type="button"
        className={style.cell}
        aria-label={`${names[line] ?? ''}, ${of}: ${valueText(value)}`}
        aria-haspopup="menu"
        title={value === null ? undefined : value.toLocaleString('en')}
        onClick={(event) => props.onPick(line, bucket, previous, event.currentTarget)}
      >
        {valueText(value)}
      </button>
    </td>
  );
  const cells = (bucket: number | null, of: string) =>
    series.map((one, line) => {
      const at = (values: Series['previous']) =>
        (bucket === null ? values?.total : values?.points[bucket]?.value) ?? null;
      const beforeT = bucket === null ? undefined : one.previous?.points[bucket]?.t;
      const before = beforeT ? bucketLabel(beforeT, unit) : `before ${of.replace(/^Last/, 'last')}`;
      return (
        <Fragment key={line}>
          {cell(line, bucket, false, at(one), of)}
          {compared && (
            <>
              {cell(line, bucket, true, at(one.previous), before)}
              <td className={style.change}>{changeText(at(one), at(one.previous))}</td>
            </>
          )}
        </Fragment>
      );
    });
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
                <Fragment key={i}>
                  <th scope="col" title={name}>
                    {name}
                  </th>
                  {compared && (
                    <>
                      <th scope="col">Before</th>
                      <th scope="col">Change</th>
                    </>
                  )}
                </Fragment>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr className={style.whole}>
              <th scope="row">{props.range}</th>
              {cells(null, props.range)}
            </tr>
            {shown.toReversed().map(([t, bucket]) => (
              <tr key={t}>
                <th scope="row">{bucketLabel(t, unit)}</th>
                {cells(bucket, bucketLabel(t, unit))}
              </tr>
            ))}
          </tbody>
        </table>
        {buckets.length > ROWS && (
          <p className={style.hint}>
            The newest {ROWS} of {count(buckets.length)} rows. The download has all of them.
          </p>
        )}
      </div>
    </div>
  );
}
