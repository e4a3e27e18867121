import { ChevronRight } from 'lucide-react';
import { useState } from 'react';

import type { RetentionReport, RetentionSegment } from '../api/retention';
import { count } from '../lib/format';
import reports from '../reports/Reports.module.css';
import { percent, segmentName } from '../reports/words';
import style from './Retention.module.css';
import {
  type RetentionPoint,
  type RetentionState,
  cohortName,
  periodName,
  retentionPointText,
  same,
  unitWord,
} from './state';
import { greatest, peopleOf, shareOf, sizeOf } from './table';

export type PickCell = (point: RetentionPoint, x: number, y: number, from: HTMLElement) => void;

/** A row for each cohort, coloured by the share that came back; the average on top. */
export function RetentionTable(props: {
  state: RetentionState;
  report: RetentionReport;
  colours: string[];
  chosen: RetentionPoint | null;
  onPick: PickCell;
}) {
  const { state, report } = props;
  const single = report.segments.length === 1;
  const [folded, setFolded] = useState<ReadonlySet<string | null>>(new Set());
  const [unfolded, setUnfolded] = useState<ReadonlySet<string | null>>(new Set());
  const most = greatest(report, state.outcome);
  const partial = report.segments.some((segment) =>
    segment.cohorts.some((cohort) => cohort.periods.some((period) => period?.partial)),
  );
  return (
    <>
      <div className={reports.scroller}>
        <table className={style.table}>
          <caption className="unseen">
            People by when they first did it, and the share that{' '}
            {state.outcome === 'returned' ? 'came back' : 'did not come back'}
          </caption>
          <thead>
            <tr>
              <th scope="col">Began</th>
              <th scope="col">People</th>
              {Array.from({ length: state.periods + 1 }, (_, n) => (
                <th key={n} scope="col">
                  {periodName(state.unit, n)}
                </th>
              ))}
            </tr>
          </thead>
          {report.segments.map((segment, i) => {
            const open = single ? !folded.has(null) : unfolded.has(segment.segment);
            const toggle = () => {
              const [set, put] = single
                ? ([folded, setFolded] as const)
                : ([unfolded, setUnfolded] as const);
              const key = single ? null : segment.segment;
              const next = new Set(set);
              if (!next.delete(key)) next.add(key);
              put(next);
            };
            return (
              <Group
                key={i}
                {...props}
                segment={segment}
                most={most}
                name={single ? 'Average' : segmentName(segment.segment)}
                colour={single ? null : (props.colours[i] ?? null)}
                open={open}
                onToggle={toggle}
              />
            );
          })}
        </table>
      </div>
      {partial && (
        <p className={style.note}>
          <i className={style.hatch} aria-hidden /> Hatched: the {unitWord(state.unit, false)} is
          not over, more may still come back. Averages leave it out.
        </p>
      )}
    </>
  );
}

function Group(props: {
  state: RetentionState;
  segment: RetentionSegment;
  most: number;
  name: string;
  colour: string | null;
  open: boolean;
  chosen: RetentionPoint | null;
  onToggle: () => void;
  onPick: PickCell;
}) {
  const { state, segment, most, chosen } = props;
  const of = segment.segment === null ? {} : { segment: segment.segment };

  const button = (point: RetentionPoint, text: string, said: string, title: string) => (
    <button
      type="button"
      className={style.cell}
      aria-haspopup="menu"
      aria-label={said}
      title={title}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        props.onPick(point, box.left, box.bottom, event.currentTarget);
      }}
    >
      {text}
    </button>
  );
  const cell = (
    n: number,
    size: number,
    found: { count: number; partial?: boolean } | null | undefined,
    cohort: { cohort?: string },
  ) => {
    if (!found) return <td key={n} className={style.nothing} aria-label="not begun" />;
    if (size === 0) return <td key={n} className={style.nothing} />;
    const point: RetentionPoint = { ...cohort, period: n, outcome: state.outcome, ...of };
    const people = peopleOf(found.count, size, state.outcome);
    const share = shareOf(found.count, size, state.outcome);
    const told = `${percent(share)}, ${people.toLocaleString('en')} of ${size.toLocaleString('en')}`;
    const partly = found.partial ? `, ${unitWord(state.unit, false)} not over` : '';
    return (
      <td
        key={n}
        data-chosen={same(chosen, point) || undefined}
        data-partial={found.partial || undefined}
        style={
          { '--heat': `${Math.round(Math.min(share / most, 1) * 52)}%` } as React.CSSProperties
        }
      >
        {button(
          point,
          state.people ? count(people) : percent(share),
          `${retentionPointText(state, point)}: ${told}${partly}`,
          `${told}${partly}`,
        )}
      </td>
    );
  };
  const sizeCell = (size: number, cohort: { cohort?: string }) => {
    const point: RetentionPoint = { ...cohort, ...of };
    return (
      <td className={style.size} data-chosen={same(chosen, point) || undefined}>
        {button(
          point,
          count(size),
          `${retentionPointText(state, point)}: ${size.toLocaleString('en')} people`,
          size.toLocaleString('en'),
        )}
      </td>
    );
  };
  const numbers = Array.from({ length: state.periods + 1 }, (_, n) => n);
  return (
    <tbody>
      <tr className={style.average}>
        <th scope="row">
          <button type="button" aria-expanded={props.open} onClick={props.onToggle}>
            <ChevronRight size={13} aria-hidden />
            {props.colour !== null && (
              <i className={reports.dot} style={{ background: props.colour }} aria-hidden />
            )}
            <span title={props.name}>{props.name}</span>
          </button>
        </th>
        {sizeCell(sizeOf(segment), {})}
        {numbers.map((n) => cell(n, segment.average[n]?.size ?? 0, segment.average[n], {}))}
      </tr>
      {props.open &&
        segment.cohorts.map((cohort) => (
          <tr key={cohort.t}>
            <th scope="row">{cohortName(cohort.t, state.unit)}</th>
            {sizeCell(cohort.size, { cohort: cohort.t })}
            {numbers.map((n) => cell(n, cohort.size, cohort.periods[n], { cohort: cohort.t }))}
          </tr>
        ))}
    </tbody>
  );
}
