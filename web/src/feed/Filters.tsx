import { Menu, Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Calendar, ChevronDown, ListFilter, X } from 'lucide-react';
import { type FormEvent, useState } from 'react';

import { type FeedFilter, eventNamesQuery } from '../api/queries';
import { count, spell } from '../lib/format';
import { useNow } from '../lib/hooks';
import style from './Feed.module.css';

type Change = (patch: Partial<Record<keyof FeedFilter, unknown>>) => void;

const DAY = 86_400_000;

const day = (ms: number) => {
  const date = new Date(ms);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
};

function dateLabel(filter: FeedFilter, now: number): string {
  const { from, to } = filter;
  if (!from && !to) return 'Any time';
  const today = day(now);
  if (from && !to) {
    if (from === today) return 'Today';
    for (const days of [7, 14, 30]) if (from === day(now - (days - 1) * DAY)) return `${days} days`;
    return `Since ${short(from)}`;
  }
  if (from && from === to) return short(from);
  return from ? `${short(from)} – ${short(to as string)}` : `Until ${short(to as string)}`;
}

const short = (date: string) =>
  new Date(`${date}T12:00:00`).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });

export function Filters({
  project,
  filter,
  change,
}: {
  project: string;
  filter: FeedFilter;
  change: Change;
}) {
  const now = useNow(60_000);
  const [dates, setDates] = useState(false);
  const [open, setOpen] = useState(false);
  const active = chips(filter).length;
  return (
    <>
      <Menu
        position="bottom-start"
        width={230}
        offset={4}
        opened={dates}
        onChange={setDates}
        closeOnItemClick={false}
      >
        <Menu.Target>
          <button
            type="button"
            className={style.pick}
            aria-label={`Dates: ${dateLabel(filter, now)}`}
          >
            <Calendar size={14} aria-hidden /> {dateLabel(filter, now)}{' '}
            <ChevronDown size={12} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {(
            [
              ['Any time', ''],
              ['Today', day(now)],
              ['Last 7 days', day(now - 6 * DAY)],
              ['Last 14 days', day(now - 13 * DAY)],
              ['Last 30 days', day(now - 29 * DAY)],
            ] as const
          ).map(([label, from]) => (
            <Menu.Item
              key={label}
              onClick={() => {
                change({ from, to: '' });
                setDates(false);
              }}
            >
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <div className={style.range}>
            <label>
              From
              <input
                type="date"
                value={filter.from ?? ''}
                onChange={(event) => change({ from: event.currentTarget.value })}
              />
            </label>
            <label>
              To
              <input
                type="date"
                value={filter.to ?? ''}
                onChange={(event) => change({ to: event.currentTarget.value })}
              />
            </label>
          </div>
        </Menu.Dropdown>
      </Menu>
      <Popover
        opened={open}
        onChange={setOpen}
        position="bottom-end"
        width={268}
        offset={4}
        trapFocus
      >
        <Popover.Target>
          <button
            type="button"
            className={style.pick}
            data-on={active > 0 || undefined}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <ListFilter size={14} aria-hidden /> Filters{active > 0 ? ` ${active}` : ''}
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <FilterForm
            project={project}
            filter={filter}
            apply={(patch) => {
              change(patch);
              setOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
    </>
  );
}

function FilterForm(props: { project: string; filter: FeedFilter; apply: Change }) {
  const { filter } = props;
  const names = useQuery(eventNamesQuery(props.project)).data?.results ?? [];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => {
      const value = form.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    props.apply({
      event: text('event'),
      url: text('url'),
      browser: text('browser'),
      os: text('os'),
      device: text('device'),
      min_duration_ms: Number(text('min_s')) * 1000 || '',
      has_error: form.has('has_error') || '',
      has_rage_click: form.has('has_rage_click') || '',
      bookmarked: form.has('bookmarked') || '',
    });
  };
  const select = (name: 'browser' | 'os' | 'device', label: string, values: string[]) => (
    <label>
      {label}
      <select name={name} defaultValue={filter[name] ?? ''}>
        <option value="">Any</option>
        {[...new Set([...values, ...(filter[name] ? [filter[name]] : [])])].map((value) => (
          <option key={value}>{value}</option>
        ))}
      </select>
    </label>
  );
  return (
    <form className={style.form} onSubmit={submit}>
      <div className={style.checks}>
        <label>
          <input type="checkbox" name="has_rage_click" defaultChecked={filter.has_rage_click} />{' '}
          Rage clicks
        </label>
        <label>
          <input type="checkbox" name="has_error" defaultChecked={filter.has_error} /> Errors
        </label>
        <label>
          <input type="checkbox" name="bookmarked" defaultChecked={filter.bookmarked} /> Bookmarked
        </label>
      </div>
      <label>
        Did the event
        <input
          name="event"
          list="feed-events"
          defaultValue={filter.event}
          placeholder="Any event"
          autoComplete="off"
        />
        <datalist id="feed-events">
          {names.map((name) => (
            <option key={name.event} value={name.event}>
              {count(name.count)}
            </option>
          ))}
        </datalist>
      </label>
      <label>
        Page address contains
        <input name="url" defaultValue={filter.url} placeholder="/checkout" autoComplete="off" />
      </label>
      <div className={style.pair}>
        {select('browser', 'Browser', [
          'Chrome',
          'Safari',
          'Firefox',
          'Microsoft Edge',
          'Mobile Safari',
        ])}
        {select('os', 'System', ['Windows', 'Mac OS X', 'Linux', 'iOS', 'Android'])}
        {select('device', 'Device', ['Desktop', 'Phone', 'Tablet'])}
        <label>
          At least, seconds
          <input
            name="min_s"
            type="number"
            min={0}
            defaultValue={filter.min_duration_ms ? filter.min_duration_ms / 1000 : ''}
            placeholder="Any"
          />
        </label>
      </div>
      <button type="submit" className="btn primary">
        Show matching replays
      </button>
    </form>
  );
}

function chips(filter: FeedFilter): [name: keyof FeedFilter, label: string][] {
  const list: [keyof FeedFilter, string | false | undefined][] = [
    ['has_rage_click', filter.has_rage_click && 'Rage clicks'],
    ['has_error', filter.has_error && 'Errors'],
    ['bookmarked', filter.bookmarked && 'Bookmarked'],
    ['event', filter.event && `Did ${filter.event}`],
    ['url', filter.url && `Page: ${filter.url}`],
    ['browser', filter.browser],
    ['os', filter.os],
    ['device', filter.device],
    ['min_duration_ms', filter.min_duration_ms ? `≥ ${spell(filter.min_duration_ms)}` : undefined],
    ['distinct_id', filter.distinct_id && 'One person'],
  ];
  return list.filter((chip): chip is [keyof FeedFilter, string] => Boolean(chip[1]));
}

export function FilterChips({ filter, change }: { filter: FeedFilter; change: Change }) {
  const list = chips(filter);
  if (list.length === 0) return null;
  return (
    <div className={style.chips}>
      {list.map(([name, label]) => (
        <button
          key={name}
          type="button"
          className={style.chip}
          onClick={() => change({ [name]: '' })}
          aria-label={`Remove filter: ${label}`}
        >
          <span>{label}</span> <X size={12} aria-hidden />
        </button>
      ))}
    </div>
  );
}
