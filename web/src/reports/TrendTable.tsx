import { Fragment } from 'react';

import type { FunnelSegment } from '../api/reports';
import type { Table } from '../lib/download';
import { count } from '../lib/format';
import { TableMenu } from '../lib/TableMenu';
import { same } from './FunnelBars';
import style from './Reports.module.css';
import type { FunnelPoint, FunnelState } from './state';
import { bucketLabel, percent, segmentName } from './words';

/** The trend's numbers, newest first. */
export function TrendTable(props: {
  state: FunnelState;
  segments: FunnelSegment[];
  chosen: FunnelPoint | null;
  taken: () => Table;
  onPick: (segment: number, bucket: number, step: number, from: HTMLElement) => void;
}) {
  const { state, segments, chosen } = props;
  const unit = state.trend ?? 'day';
  const last = state.steps.length;
  const split = segments.length > 1 || segments[0]?.segment !== null;
  const buckets = segments[0]?.trend ?? [];
  const cell = (segment: number, bucket: number, step: number, value: number) => {
    const { t = '' } = buckets[bucket] ?? {};
    const of = segments[segment]?.segment ?? null;
    const point: FunnelPoint = {
      step,
      outcome: 'converted',
      ...(of === null ? {} : { segment: of }),
      t,
    };
    const what = `${of === null ? '' : `${segmentName(of)}, `}${bucketLabel(t, unit)}`;
    return (
      <td data-chosen={same(chosen, point) || undefined}>
        <button
          type="button"
          className={style.cell}
          aria-haspopup="menu"
          aria-label={`${what}: ${count(value)} ${step === 1 ? 'began' : 'came through'}`}
          title={value.toLocaleString('en')}
          onClick={(event) => props.onPick(segment, bucket, step, event.currentTarget)}
        >
          {count(value)}
        </button>
      </td>
    );
  };
  return (
    <div className={style.sheet}>
      <TableMenu table={props.taken} />
      <div className={style.scroller}>
        <table className={style.table}>
          <caption className="unseen">Conversion over time, newest first</caption>
          <thead>
            <tr>
              <th scope="col">{unit === 'hour' ? 'Hour' : 'Time'}</th>
              {segments.map((one, s) => {
                const name = split ? `${segmentName(one.segment)}: ` : '';
                return (
                  <Fragment key={s}>
                    <th scope="col">{name}Began</th>
                    <th scope="col">{name}Came through</th>
                    <th scope="col">{name}Rate</th>
                  </Fragment>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {buckets
              .map(({ t }, b) => (
                <tr key={t}>
                  <th scope="row">{bucketLabel(t, unit)}</th>
                  {segments.map((one, s) => {
                    const at = one.trend?.[b];
                    return (
                      <Fragment key={s}>
                        {cell(s, b, 1, at?.entered ?? 0)}
                        {cell(s, b, last, at?.converted ?? 0)}
                        <td>{at && at.entered > 0 ? percent(at.rate) : '–'}</td>
                      </Fragment>
                    );
                  })}
                </tr>
              ))
              .toReversed()}
          </tbody>
        </table>
      </div>
    </div>
  );
}
