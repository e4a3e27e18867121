/** The reports' tables as they are taken along: every row, exact numbers, times as the API writes them. */

import type { EventBehind, FunnelReport, PersonBehind, Points, Series } from '../api/reports';
import type { Cell, Table } from '../lib/download';
import type { FunnelState, InsightsState } from './state';
import { eventLabel, rangeLabel, segmentName } from './words';

export function peopleTable(title: string, people: PersonBehind[]): Table {
  return {
    name: `People, ${title}`,
    columns: ['Name', 'E-mail', 'User id', 'Events', 'Last'],
    rows: people.map((one) => [one.name, one.email, one.distinct_id, one.count, one.last_at]),
  };
}

/** A column for each property that any of them has. */
export function eventsTable(title: string, events: EventBehind[]): Table {
  const names = [...new Set(events.flatMap((one) => Object.keys(one.properties)))].toSorted();
  const cell = (value: unknown): Cell =>
    value === undefined || value === null
      ? null
      : typeof value === 'object'
        ? JSON.stringify(value)
        : (value as Cell);
  return {
    name: `Events, ${title}`,
    columns: ['Event', 'Time', 'User id', 'Name', 'E-mail', 'Replay', ...names],
    rows: events.map((one) => [
      one.event,
      one.time,
      one.distinct_id,
      one.person.name,
      one.person.email,
      one.replay_id,
      ...names.map((name) => cell(one.properties[name])),
    ]),
  };
}

/** A row for each bucket, oldest first, and a column for each line; the last row has the totals. */
export function insightsTable(state: InsightsState, series: Series[], names: string[]): Table {
  const buckets = series[0]?.points ?? [];
  const cells = (value: (of: Points) => number | null | undefined) =>
    series.flatMap((one) => {
      const now = value(one) ?? null;
      if (!one.previous) return [now];
      const before = value(one.previous) ?? null;
      const change = now === null || !before ? null : (now - before) / Math.abs(before);
      return [now, before, change];
    });
  return {
    name: `Insights, ${rangeLabel(state.range)}`,
    columns: [
      'Time',
      ...names.flatMap((name, i) =>
        series[i]?.previous ? [name, `${name}, before`, `${name}, change`] : [name],
      ),
    ],
    rows: [
      ...buckets.map(({ t }, i) => [t, ...cells((of) => of.points[i]?.value)]),
      [rangeLabel(state.range), ...cells((of) => of.total)],
    ],
  };
}

/** A row for each step of each segment. */
export function funnelTable(state: FunnelState, { segments }: FunnelReport): Table {
  const split = segments.some((one) => one.segment !== null);
  const who = state.count === 'total' ? 'Attempts' : 'People';
  return {
    name: `Funnel, ${rangeLabel(state.range)}`,
    columns: [
      ...(split ? ['Segment'] : []),
      'Step',
      'Event',
      who,
      'Share of the first',
      'Share of the one before',
      'Dropped before it',
      'Median time (ms)',
      '90% within (ms)',
    ],
    rows: segments.flatMap(({ segment, steps }) =>
      steps.map((step, i) => [
        ...(split ? [segmentName(segment)] : []),
        i + 1,
        state.order === 'any' ? `Any ${i + 1} of ${steps.length}` : eventLabel(step.event),
        step.count,
        step.rate,
        i === 0 ? null : step.step_rate,
        i === 0 ? null : (steps[i - 1]?.count ?? 0) - step.count,
        step.median_ms,
        step.p90_ms,
      ]),
    ),
  };
}

/** A row for each bucket, oldest first; for each segment how many began, how many came through, and their share. */
export function trendTable(state: FunnelState, { segments }: FunnelReport): Table {
  const split = segments.some((one) => one.segment !== null);
  return {
    name: `Conversion, ${rangeLabel(state.range)}`,
    columns: [
      'Time',
      ...segments.flatMap((one) =>
        ['Began', 'Came through', 'Rate'].map((name) =>
          split ? `${segmentName(one.segment)}, ${name.toLowerCase()}` : name,
        ),
      ),
    ],
    rows: (segments[0]?.trend ?? []).map(({ t }, i) => [
      t,
      ...segments.flatMap(({ trend }) => {
        const at = trend?.[i];
        return at
          ? [at.entered, at.converted, at.entered > 0 ? at.rate : null]
          : [null, null, null];
      }),
    ]),
  };
}
