import { expect, it } from 'vitest';

import { recents, withRecent } from './recent';

const report = { kind: 'report', id: 'r1', name: 'Orders' } as const;
const person = { kind: 'person', id: 'u1', name: 'Ada' } as const;

it('puts what was opened first, once, under its newest name', () => {
  const list = withRecent([person, report], { ...report, name: 'Orders by browser' });
  expect(list.map((one) => one.name)).toEqual(['Orders by browser', 'Ada']);
});

it('keeps a dozen', () => {
  let list = [person] as ReturnType<typeof recents>;
  for (let i = 0; i < 20; i++) list = withRecent(list, { ...report, id: `r${i}` });
  expect(list).toHaveLength(12);
});

it('reads whatever stands in the browser’s store', () => {
  expect(recents('no JSON')).toEqual([]);
  expect(recents('{"kind":"report"}')).toEqual([]);
  expect(recents(JSON.stringify([null, { kind: 'song', id: 'x', name: 'y' }, report]))).toEqual([
    report,
  ]);
});
