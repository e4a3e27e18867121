import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useEffect, useRef } from 'react';

import type { Person } from '../api/types';
import { Avatar } from '../feed/Avatar';
import { exact, personLabel, when } from '../lib/format';
import { columnName, valueOf } from './columns';
import { valueText } from './properties';
import { type UsersState, isTime, sortedBy } from './state';
import style from './Users.module.css';

const ROW = 44;
const TWO_LINES = 60;
const NAME_WIDTH = 260;
const WIDTHS: Record<string, number> = { $email: 230, last_seen: 128, first_seen: 128 };
const WIDTH = 150;
/** More is asked for when so many rows are left below. */
const AHEAD = 30;

export function UsersTable(props: {
  project: string;
  state: UsersState;
  rows: Person[];
  total: number | undefined;
  narrow: boolean;
  now: number;
  loading: boolean;
  more: boolean;
  busy: boolean;
  failed: boolean;
  onMore: () => void;
  onChange: (state: UsersState) => void;
}) {
  const { project, state, rows, narrow, now, loading, more, busy, failed, onMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const size = narrow ? TWO_LINES : ROW;
  const bones = loading ? 14 : more ? 1 : 0;
  const virtual = useVirtualizer({
    count: rows.length + bones,
    getScrollElement: () => scroller.current,
    estimateSize: () => size,
    getItemKey: (i) => rows[i]?.distinct_id ?? `bone ${i}`,
    overscan: 8,
  });
  useEffect(() => virtual.measure(), [size, virtual]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && !failed && last >= rows.length - AHEAD) onMore();
  }, [more, busy, failed, last, rows.length, onMore]);

  const columns = narrow ? [] : state.columns;
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div
      ref={scroller}
      className={style.scroller}
      // A region that scrolls can be scrolled by keyboard.
      tabIndex={-1}
      aria-busy={loading}
    >
      <table
        className={style.table}
        aria-rowcount={props.total === undefined ? -1 : props.total + 1}
        style={{ minWidth: columns.reduce((sum, one) => sum + widthOf(one), NAME_WIDTH) }}
      >
        <caption className="unseen">Users</caption>
        <colgroup>
          <col style={narrow ? {} : { width: NAME_WIDTH }} />
          {columns.map((column) => (
            <col key={column} style={{ width: widthOf(column) }} />
          ))}
        </colgroup>
        <thead className={narrow ? 'unseen' : undefined}>
          <tr aria-rowindex={1}>
            {['name', ...columns].map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={
                  state.sort !== column
                    ? 'none'
                    : state.order === 'asc'
                      ? 'ascending'
                      : 'descending'
                }
              >
                <button
                  type="button"
                  tabIndex={narrow ? -1 : undefined}
                  onClick={() => props.onChange(sortedBy(state, column))}
                >
                  <span>{column === 'name' ? 'Name' : columnName(column)}</span>
                  {state.sort === column &&
                    (state.order === 'asc' ? (
                      <ArrowUp size={12} aria-hidden />
                    ) : (
                      <ArrowDown size={12} aria-hidden />
                    ))}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr aria-hidden style={{ height: above }} />}
          {items.map((item) => {
            const person = rows[item.index];
            return (
              <tr key={item.key} aria-rowindex={item.index + 2} style={{ height: size }}>
                {person ? (
                  <>
                    <th scope="row">
                      <Link
                        className={style.person}
                        to="/projects/$project/users/$person"
                        params={{ project, person: person.distinct_id }}
                        data-person={person.distinct_id}
                      >
                        <Avatar person={person} size={narrow ? 32 : 26} />
                        <span>
                          <b>{personLabel(person)}</b>
                          {narrow && (
                            <span className={style.second}>
                              {person.email !== null && person.email !== personLabel(person)
                                ? `${person.email} · `
                                : ''}
                              {person.last_seen === null
                                ? 'never seen'
                                : `seen ${when(person.last_seen, now)}`}
                            </span>
                          )}
                        </span>
                      </Link>
                    </th>
                    {columns.map((column) => (
                      <CellOf key={column} person={person} column={column} now={now} />
                    ))}
                  </>
                ) : failed && !loading ? (
                  <td colSpan={columns.length + 1}>
                    The rest could not be loaded.{' '}
                    <button type="button" className="link" onClick={onMore}>
                      Try again
                    </button>
                  </td>
                ) : (
                  <Bone columns={columns.length} at={item.index} />
                )}
              </tr>
            );
          })}
          {below > 0 && <tr aria-hidden style={{ height: below }} />}
        </tbody>
      </table>
    </div>
  );
}

const widthOf = (column: string) => WIDTHS[column] ?? WIDTH;

function CellOf(props: { person: Person; column: string; now: number }) {
  const value = valueOf(props.person, props.column);
  if (value === undefined || value === null) return <td className={style.none}>–</td>;
  if (isTime(props.column) && typeof value === 'string')
    return <td title={exact(value)}>{when(value, props.now)}</td>;
  const text = valueText(value);
  return (
    <td
      title={text}
      {...(typeof value === 'number' ? { 'data-number': true } : {})}
      {...(props.column === 'distinct_id' ? { className: style.id } : {})}
    >
      {text}
    </td>
  );
}

function Bone({ columns, at }: { columns: number; at: number }) {
  const width = (i: number) => 40 + ((at * 37 + i * 53) % 60);
  return (
    <>
      <td className={style.first}>
        <span className={style.person} aria-hidden>
          <span className="bone" style={{ width: 26, height: 26, borderRadius: '50%' }} />
          <span className="bone" style={{ width: width(0) + 60, height: 11 }} />
        </span>
      </td>
      {Array.from({ length: columns }, (_, i) => (
        <td key={i}>
          <div className="bone" style={{ width: width(i + 1), height: 10 }} />
        </td>
      ))}
    </>
  );
}
