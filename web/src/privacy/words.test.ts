import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Job } from '../api/types';
import {
  STARTING_POINTS,
  changedRuns,
  jobNumbers,
  jobState,
  meaning,
  modeName,
  remaining_ms,
  told,
} from './words';

const job: Job = {
  job_id: 'j',
  state: 'running',
  total: 200,
  done: 50,
  changed: 12,
  failed: 0,
  created_at: '2026-11-24T10:00:00Z',
  started_at: '2026-11-24T10:00:00Z',
  finished_at: null,
  error: null,
  not_reached: [],
};

it('says what a recording holds', () => {
  expect(meaning({ mode: 'text', rules: [] })).toContain('never reached this server');
  expect(meaning({ mode: 'input', rules: ['r'] })).toMatch(/as the visitor saw it.*a rule of/);
  expect(meaning({ mode: null, rules: ['r', 's'] })).toMatch(/does not tell.*2 rules of/);
  expect(modeName(null)).toBe('Not told by this SDK');
});

it('never takes silence for zero', () => {
  expect(told(null, 'element')).toBe('Not told by this SDK');
  expect(told(0, 'element')).toBe('None');
  expect(told(1, 'element')).toBe('1 element');
  expect(told(12_400, 'element')).toBe('12.4 k elements');
});

it('says how far a job is and how long it takes yet', () => {
  expect(jobNumbers(job)).toBe('50 of 200 replays · 12 changed');
  expect(jobNumbers({ ...job, state: 'done', done: 200, failed: 3 })).toBe(
    '200 replays · 12 changed · 3 failed',
  );
  expect(jobState({ ...job, state: 'done', failed: 3 })).toBe('Done, except for some');
  const start = new Date('2026-11-24T10:00:00Z').getTime();
  expect(remaining_ms(job, start + 10_000)).toBe(30_000);
  expect(remaining_ms(job, start + 500)).toBeNull();
  expect(remaining_ms({ ...job, done: 0 }, start + 10_000)).toBeNull();
  expect(remaining_ms({ ...job, state: 'done' }, start + 10_000)).toBeNull();
});

it('marks what a rule changed', () => {
  expect(changedRuns('Mail ada@x.org now', 'Mail ********* now')).toEqual([
    ['Mail ', false],
    ['ada@x.org', true],
    [' now', false],
  ]);
  expect(changedRuns('Ada Lindqvist', '*** *********')).toEqual([['Ada Lindqvist', true]]);
  expect(changedRuns('Ada', '[****]')).toEqual([['Ada', true]]);
});

it('keeps every character of what it marks', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      expect(
        changedRuns(before, after)
          .map(([text]) => text)
          .join(''),
      ).toBe(before);
    }),
  );
});

it('offers starting points that do what they are called', () => {
  const hides = (name: string, text: string) => {
    const point = STARTING_POINTS.find((one) => one.name.startsWith(name));
    return text.replace(new RegExp(point?.expression ?? '^$', 'g'), (match) =>
      match.replace(/\S/g, '*'),
    );
  };
  expect(hides('E-mail', 'Write to ada.l+shop@mail.example.com.')).toBe(
    `Write to ${'*'.repeat(27)}.`,
  );
  expect(hides('Order', 'Order ORD-2026-00123, 3 items')).toBe('Order **************, 3 items');
  expect(hides('Phone', 'Call +46 70 123 45 67 today')).not.toMatch(/\d/);
  expect(hides('Phone', 'Vase, 34 cm, 1 200 kr')).toBe('Vase, 34 cm, 1 200 kr');
});
