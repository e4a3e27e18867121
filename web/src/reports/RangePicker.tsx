import { Popover } from '@mantine/core';
import { Calendar, Check } from 'lucide-react';
import { useState } from 'react';

import { useProject } from '../shell/session';
import style from './Builder.module.css';
import picker from './Picker.module.css';
import { LAST_DAYS, type Range, daysOf } from './parts';
import { rangeLabel } from './words';

export function RangePicker(props: {
  range: Range;
  now: number;
  onChange: (range: Range) => void;
}) {
  const { range, onChange } = props;
  const [open, setOpen] = useState(false);
  const { timezone } = useProject();
  const days = daysOf(range, props.now, timezone);
  const custom = (change: Partial<typeof days>) => {
    const next = { ...days, ...change };
    if (!next.from || !next.to) return;
    onChange(next.from <= next.to ? next : { from: next.to, to: next.from });
  };
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={232}
      offset={4}
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={picker.part}
          aria-label={`Dates: ${rangeLabel(range)}`}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Calendar size={13} aria-hidden /> {rangeLabel(range)}
        </button>
      </Popover.Target>
      <Popover.Dropdown className={style.range} aria-label="Dates">
        {LAST_DAYS.map((last) => (
          <button
            key={last}
            type="button"
            className={picker.option}
            aria-pressed={'last' in range && range.last === last}
            onClick={() => {
              onChange({ last });
              setOpen(false);
            }}
          >
            <span className={picker.tick}>
              {'last' in range && range.last === last && <Check size={14} aria-hidden />}
            </span>
            Last {last} days
          </button>
        ))}
        <div className={style.days}>
          <label>
            From
            <input
              type="date"
              value={days.from}
              onChange={(event) => custom({ from: event.currentTarget.value })}
            />
          </label>
          <label>
            To
            <input
              type="date"
              value={days.to}
              onChange={(event) => custom({ to: event.currentTarget.value })}
            />
          </label>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
