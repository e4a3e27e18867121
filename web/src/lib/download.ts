/** Any table as CSV, JSON, or text to paste into a spreadsheet. */

export type Cell = string | number | boolean | null;

export interface Table {
  /** What it is of, for the file's name: "Insights, last 30 days". */
  name: string;
  columns: string[];
  rows: Cell[][];
}

/** Spreadsheets take a text that begins so for a formula. Names and values come from visitors' browsers. */
const FORMULA = /^[\s]*[=+\-@]|^[\t\r]/;

function harmless(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function quoted(cell: Cell): string {
  const text = harmless(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, with the mark by which spreadsheets know UTF-8. */
export function toCsv({ columns, rows }: Table): string {
  return `\uFEFF${[columns, ...rows].map((row) => row.map(quoted).join(',') + '\r\n').join('')}`;
}

/** One object a row; a name that comes twice gets a number. */
export function toJson({ columns, rows }: Table): string {
  const seen = new Map<string, number>();
  const names = columns.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times > 1 ? `${name} (${times})` : name;
  });
  const objects = rows.map((row) =>
    Object.fromEntries(names.map((name, i) => [name, row[i] ?? null])),
  );
  return `${JSON.stringify(objects, null, 2)}\n`;
}

/** Tabs between cells, lines between rows. */
export function toText({ columns, rows }: Table): string {
  const line = (row: Cell[]) =>
    row.map((cell) => harmless(cell).replaceAll(/[\t\r\n]+/g, ' ')).join('\t');
  return [columns, ...rows].map(line).join('\n');
}

/** `Insights, last 30 days` → `insights-last-30-days`. */
export function fileName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .toLowerCase()
    .slice(0, 80);
  return plain || 'table';
}

export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has to have read the address first.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
