import { Popover } from '@mantine/core';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';

import type { Times } from '../api/reports';
import { count } from '../lib/format';
import style from './Times.module.css';
import { binText, timeText } from './words';

/** How long it took: the median, and on demand how the times spread. */
export function TimesButton(props: {
  times: Times;
  /** "From View Item to Add to Cart". */
  name: string;
  /** "people". */
  who: string;
  colour: string | undefined;
  className?: string | undefined;
  children: React.ReactNode;
}) {
  const { times, name } = props;
  const [open, setOpen] = useState(false);
  const most = Math.max(1, ...times.distribution.map((one) => one.count));
  const all = times.distribution.reduce((sum, one) => sum + one.count, 0);
  if (all === 0) return <span>{props.children}</span>;
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom"
      width={320}
      offset={6}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={props.className ?? style.button}
          aria-label={`${name}: median ${timeText(times.median_ms)}, show how the times spread`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {props.children}
          <ChevronDown size={11} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={name} data-autofocus tabIndex={-1} className={style.times}>
        <p className={style.name}>{name}</p>
        <p className={style.both}>
          <span>
            <b>{timeText(times.median_ms)}</b> median
          </span>
          <span>
            <b>{timeText(times.p90_ms)}</b> for 90%
          </span>
        </p>
        <table>
          <caption className="unseen">How many {props.who} took how long</caption>
          <tbody>
            {times.distribution.map((bin) => (
              <tr key={bin.from_ms}>
                <th scope="row">{binText(bin.from_ms, bin.to_ms)}</th>
                <td className={style.track} aria-hidden>
                  <i
                    style={{
                      width: `${(bin.count / most) * 100}%`,
                      background: props.colour ?? 'var(--accent)',
                    }}
                  />
                </td>
                <td title={bin.count.toLocaleString('en')}>{count(bin.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Popover.Dropdown>
    </Popover>
  );
}
