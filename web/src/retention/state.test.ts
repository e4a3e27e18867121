import { expect, it } from 'vitest';

import type { RetentionReport } from '../api/retention';
import {
  readRetention,
  readRetentionPoint,
  retentionBody,
  retentionPointText,
  retentionSearch,
  writeRetention,
} from './state';
import { greatest, peopleOf, retentionTable, shareOf } from './table';

const search = {
  first: '{"event":"Sign Up"}',
  return: '{"event":"Checkout","filters":[{"property":"plan","op":"eq","value":["Pro"]}]}',
  unit: 'day' as const,
  periods: 14,
  criterion: 'on_or_after' as const,
  breakdown: 'profile:plan',
  last: 30,
  outcome: 'lost' as const,
  cells: 'people' as const,
};

it('keeps the whole question in its address', () => {
  expect(writeRetention(readRetention(search))).toEqual(search);
  expect(retentionSearch({})).toEqual({});
  expect(readRetention({}).range).toEqual({ last: 90 });
});

it('takes whatever someone typed there', () => {
  expect(
    retentionSearch({ first: 'x', return: '[]', unit: 'hour', periods: '0', criterion: 'off' }),
  ).toEqual({});
});

it('asks the API in its words, and for anything when no event brings people back', () => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const body = retentionBody(readRetention({ first: search.first, last: 1 }), now, 'UTC');
  expect(body).toEqual({
    from: '2026-11-24',
    to: '2026-11-24',
    unit: 'week',
    periods: 8,
    first: { event: 'Sign Up', filters: [] },
    return: { event: null, filters: [] },
    criterion: 'on',
    filters: [],
  });
});

it('names cells, cohorts and averages', () => {
  const state = readRetention({ first: search.first });
  const named = (point: string) => {
    const read = readRetentionPoint(point);
    return read && retentionPointText(state, read);
  };
  expect(named('{"cohort":"2026-11-09T00:00:00Z","period":3,"outcome":"returned"}')).toBe(
    'Came back in week 3 · Week of 9 Nov',
  );
  expect(named('{"period":1,"outcome":"lost","segment":"Pro"}')).toBe(
    'Did not come back in week 1 · Pro · Last 90 days',
  );
  expect(named('{"cohort":"2026-11-09T00:00:00Z"}')).toBe('First did Sign Up · Week of 9 Nov');
  expect(named('[]')).toBeNull();
});

const report: RetentionReport = {
  took_ms: 1,
  segments: [
    {
      segment: null,
      other: false,
      cohorts: [
        {
          t: '2026-11-16T00:00:00Z',
          size: 10,
          periods: [
            { count: 8, rate: 0.8, partial: false },
            { count: 2, rate: 0.2, partial: true },
          ],
        },
        {
          t: '2026-11-23T00:00:00Z',
          size: 4,
          periods: [{ count: 1, rate: 0.25, partial: true }, null],
        },
      ],
      average: [{ count: 8, size: 10, rate: 0.8 }, null],
    },
  ],
};

it('counts those who came back or those who did not', () => {
  expect([peopleOf(8, 10, 'returned'), peopleOf(8, 10, 'lost')]).toEqual([8, 2]);
  expect(shareOf(0, 0, 'lost')).toBe(0);
  expect([greatest(report, 'returned'), greatest(report, 'lost')]).toEqual([0.2, 0.8]);
});

it('gives a table with every cohort and the average', () => {
  const table = retentionTable(readRetention({ periods: '1' }), report);
  expect(table.columns).toEqual([
    'Cohort',
    'People',
    'Week 0',
    'Week 1',
    'Week 0, share',
    'Week 1, share',
  ]);
  expect(table.rows).toEqual([
    ['2026-11-16T00:00:00Z', 10, 8, 2, 0.8, 0.2],
    ['2026-11-23T00:00:00Z', 4, 1, null, 0.25, null],
    ['Average of what is complete', 14, 8, null, 0.8, null],
  ]);
});
