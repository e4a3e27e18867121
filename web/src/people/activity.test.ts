import { expect, it } from 'vitest';

import type { PersonEvent } from '../api/people';
import type { FeedRow } from '../api/types';
import { type Day, byDay, calendar } from './activity';

const event = (time: string, name = 'View Item', replay_id: string | null = null) =>
  ({ event: name, time, replay_id }) as PersonEvent;
const replay = (started_at: string) => ({ replay_id: started_at, started_at }) as FeedRow;
const utc = calendar('UTC');

const told = (days: Day[]) =>
  days.map((day) => [
    day.day,
    ...day.entries.map((one) => (one.kind === 'event' ? one.event.event : 'replay')),
  ]);

it('puts replays in their place among the events, newest first', () => {
  const { days, load } = byDay(
    {
      rows: [event('2026-11-24T10:05:00Z', 'Checkout'), event('2026-11-23T23:59:00Z', 'Search')],
      more: false,
    },
    { rows: [replay('2026-11-24T10:01:00Z'), replay('2026-11-22T09:00:00Z')], more: false },
    {},
    utc,
  );
  expect(told(days)).toEqual([
    ['2026-11-24', 'Checkout', 'replay'],
    ['2026-11-23', 'Search'],
    ['2026-11-22', 'replay'],
  ]);
  expect(days[0]).toMatchObject({ events: 1, replays: 1 });
  expect(load).toBeNull();
});

it('shows nothing older than the end of what is loaded of either', () => {
  const { days, load } = byDay(
    { rows: [event('2026-11-24T10:05:00Z'), event('2026-11-24T10:00:00Z')], more: true },
    { rows: [replay('2026-11-24T10:01:00Z'), replay('2026-11-20T09:00:00Z')], more: true },
    {},
    utc,
  );
  expect(told(days)).toEqual([['2026-11-24', 'View Item', 'replay', 'View Item']]);
  expect(load).toBe('events');
});

it('ends where the range does, though there are older replays', () => {
  const { days, load } = byDay(
    { rows: [event('2026-11-24T10:05:00Z')], more: false },
    { rows: [replay('2026-11-10T09:00:00Z')], more: true },
    { from: '2026-11-20', to: '2026-11-24' },
    utc,
  );
  expect(told(days)).toEqual([['2026-11-24', 'View Item']]);
  expect(load).toBeNull();
});

it('takes the days of the project’s time zone', () => {
  expect(calendar('Asia/Tokyo')(Date.parse('2026-11-23T20:00:00Z'))).toBe('2026-11-24');
});

it('keeps a replay under all its events, also under one sent a moment before it began', () => {
  const { days } = byDay(
    { rows: [event('2026-11-24T10:01:00Z', 'Page', '2026-11-24T10:01:01Z')], more: false },
    { rows: [replay('2026-11-24T10:01:01Z')], more: false },
    {},
    utc,
  );
  expect(told(days)).toEqual([['2026-11-24', 'Page', 'replay']]);
});
