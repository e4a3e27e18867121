import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { type Table, fileName, toCsv, toJson, toText } from './download';

const table = (rows: Table['rows'], columns = ['Name', 'Value']): Table => ({
  name: 'Test',
  columns,
  rows,
});

/** A plain RFC 4180 reader. */
function read(csv: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let inside = false;
  for (let at = 0; at < csv.length; at++) {
    const char = csv[at] as string;
    if (inside) {
      if (char !== '"') cell += char;
      else if (csv[at + 1] === '"') cell += csv[at++];
      else inside = false;
    } else if (char === '"') inside = true;
    else if (char === ',' || char === '\n') {
      rows.at(-1)?.push(cell);
      cell = '';
      if (char === '\n') rows.push([]);
    } else if (char !== '\r') cell += char;
  }
  return rows.slice(0, -1);
}

it('writes CSV that reads back as it was, quotes, commas, line breaks and all', () => {
  const text = fc
    .string({ unit: fc.constantFrom(...'a ,"\r\n\t;é😀=-@'), maxLength: 12 })
    .filter((one) => !/^\s*[=+\-@]|^[\t\r]/.test(one));
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (rows) => {
      const csv = toCsv(table(rows));
      expect(csv.startsWith('\uFEFF')).toBe(true);
      expect(read(csv.slice(1)).slice(1)).toEqual(rows);
    }),
  );
});

it('makes formulas harmless, and leaves numbers numbers', () => {
  const csv = toCsv(
    table([
      ['=HYPERLINK("http://evil")', -3],
      ['+1', 2.5],
      ['@SUM(A1)', null],
    ]),
  );
  expect(csv.slice(1).split('\r\n')).toEqual([
    'Name,Value',
    `"'=HYPERLINK(""http://evil"")",-3`,
    "'+1,2.5",
    "'@SUM(A1),",
    '',
  ]);
  expect(toText(table([['-2\n+cmd', 1]]))).toBe("Name\tValue\n'-2 +cmd\t1");
});

it('writes JSON with every column, also those of the same name', () => {
  const json = toJson(table([['Chrome', 1, null]], ['Browser', 'People', 'People']));
  expect(JSON.parse(json)).toEqual([{ Browser: 'Chrome', People: 1, 'People (2)': null }]);
});

it('makes file names of titles', () => {
  expect(fileName('Insights · 30 Dec 2025 – 2 Jan 2026')).toBe('insights-30-dec-2025-2-jan-2026');
  expect(fileName('„…“')).toBe('table');
});
