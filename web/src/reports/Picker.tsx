import { Menu, Popover } from '@mantine/core';
import { Check, ChevronDown, Search } from 'lucide-react';
import { Fragment, type KeyboardEvent, type ReactNode, useId, useState } from 'react';

import { count } from '../lib/format';
import style from './Picker.module.css';

export interface Option {
  key: string;
  label: string;
  count?: number | undefined;
  note?: string;
  /** What is said of it when the pointer rests on it. */
  description?: string | null;
  /** Options of one section stand together, under its name. */
  section?: string;
}

const SHOWN = 100;

/** The first of each section: a long one does not push the next out of the list. */
function sectioned(options: Option[]): Option[] {
  const taken = new Map<string | undefined, number>();
  return options.filter(({ section }) => {
    const before = taken.get(section) ?? 0;
    taken.set(section, before + 1);
    return before < SHOWN;
  });
}

/** A part of the sentence that opens a list with a search of its own. */
export function Picker(props: {
  /** What is chosen here, for those who can't see where it stands. */
  label: string;
  children: ReactNode;
  options: Option[];
  chosen?: ReadonlySet<string>;
  multiple?: boolean;
  loading?: boolean;
  trouble?: string | null;
  empty?: string;
  /** What the typed text itself can be taken for. */
  typed?: (text: string) => Option[];
  initiallyOpen?: boolean;
  className?: string | undefined;
  onPick: (key: string) => void;
}) {
  const { label, options, multiple, onPick } = props;
  const [open, setOpen] = useState(props.initiallyOpen ?? false);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();

  const wanted = text.trim().toLowerCase();
  const matching = wanted
    ? options.filter((one) => `${one.label}\n${one.key}`.toLowerCase().includes(wanted))
    : options;
  const shownOf = sectioned(matching);
  const exact = options.some((one) => one.label.toLowerCase() === wanted);
  const own = wanted && !exact && !props.loading ? (props.typed?.(text.trim()) ?? []) : [];
  const entries = [...shownOf, ...own];
  const current = Math.min(at, Math.max(0, entries.length - 1));

  const change = (next: boolean) => {
    setOpen(next);
    setText('');
    setAt(0);
  };
  const pick = (key: string) => {
    if (!multiple) change(false);
    onPick(key);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = (current + step + entries.length) % Math.max(1, entries.length);
      setAt(next);
      document.getElementById(`${listId}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const entry = entries[current];
      if (entry) pick(entry.key);
    }
  };

  return (
    <Popover
      opened={open}
      onChange={change}
      position="bottom-start"
      width={288}
      offset={4}
      trapFocus
      returnFocus
      withinPortal
    >
      <Popover.Target>
        <button
          type="button"
          className={props.className ?? style.part}
          aria-label={label}
          aria-haspopup="listbox"
          aria-expanded={open}
          onClick={() => change(!open)}
        >
          {props.children}
        </button>
      </Popover.Target>
      <Popover.Dropdown className={style.dropdown} aria-label={label}>
        <div className={style.field}>
          <Search size={14} aria-hidden />
          <input
            data-autofocus
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={entries.length > 0 ? `${listId}-${current}` : undefined}
            aria-label={`Search: ${label}`}
            placeholder="Search…"
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={press}
          />
        </div>
        <div
          id={listId}
          role="listbox"
          aria-label={label}
          aria-multiselectable={multiple}
          className={style.list}
        >
          {entries.map((entry, i) => (
            <Fragment key={entry.key}>
              {entry.section && entry.section !== entries[i - 1]?.section && (
                <div className={style.heading} role="presentation">
                  {entry.section}
                </div>
              )}
              <button
                type="button"
                id={`${listId}-${i}`}
                role="option"
                aria-selected={props.chosen?.has(entry.key) ?? false}
                data-at={i === current || undefined}
                tabIndex={-1}
                className={style.option}
                onMouseMove={() => setAt(i)}
                onClick={() => pick(entry.key)}
              >
                <span className={style.tick}>
                  {props.chosen?.has(entry.key) && <Check size={14} aria-hidden />}
                </span>
                <span className={style.name} title={entry.description ?? entry.label}>
                  {entry.label}
                </span>
                <span className={style.count}>
                  {entry.count === undefined ? entry.note : count(entry.count)}
                </span>
              </button>
            </Fragment>
          ))}
        </div>
        {entries.length === 0 && (
          <p className={style.none} role="status">
            {props.loading
              ? 'Loading…'
              : (props.trouble ??
                (wanted ? `Nothing matches “${text}”.` : (props.empty ?? 'There is none yet.')))}
          </p>
        )}
        {matching.length > shownOf.length && (
          <p className={style.none}>
            {count(matching.length - shownOf.length)} more: type to find them.
          </p>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

/** A part of the sentence with a few words to choose from. */
export function Choice<T extends string>(props: {
  label: string;
  value: T;
  names: Partial<Record<T, string>>;
  onChange: (value: T) => void;
  shown?: string;
}) {
  const names = Object.entries(props.names) as [T, string][];
  return (
    <Menu position="bottom-start" width={200} offset={4}>
      <Menu.Target>
        <button
          type="button"
          className={style.part}
          aria-label={`${props.label}: ${props.names[props.value] ?? props.value}`}
        >
          {props.shown ?? props.names[props.value] ?? props.value}
          <ChevronDown size={12} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {names.map(([value, name]) => (
          <Menu.Item
            key={value}
            rightSection={
              value === props.value ? <Check size={14} aria-label="chosen" /> : undefined
            }
            onClick={() => props.onChange(value)}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
