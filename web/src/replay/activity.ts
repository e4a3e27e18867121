import type { MarkerKind, ReplayDetail } from '../api/types';

/** A row of the activity list. */
export interface Deed {
  at_ms: number;
  kind: MarkerKind;
  label: string;
  /** How many like it came right after one another. */
  count: number;
}

/** What kinds the list can be narrowed to, in the order they are offered. */
export const GROUPS: { name: string; kinds: MarkerKind[] }[] = [
  { name: 'Events', kinds: ['event'] },
  { name: 'Pages', kinds: ['page'] },
  { name: 'Clicks', kinds: ['click', 'input'] },
  { name: 'Rage', kinds: ['rage_click'] },
  { name: 'Errors', kinds: ['error'] },
  { name: 'Holes', kinds: ['storm', 'oversize', 'gap'] },
];

/** The SDK's own events, as people call them. */
const EVENT_NAMES: Record<string, string> = {
  $mp_web_page_view: 'Page view',
  $mp_click: 'Click',
  $mp_rage_click: 'Rage click',
  $mp_dead_click: 'Dead click',
  $mp_input_change: 'Input',
  $mp_submit: 'Form sent',
  $mp_scroll: 'Scroll',
  $mp_page_leave: 'Page left',
  $mp_session_record: 'Recording began',
};

export const eventName = (name: string): string => EVENT_NAMES[name] ?? name;

/** The pages are bands already: a page view needs no sign beside them. */
export const tellsMore = (marker: { kind: MarkerKind; label: string }): boolean =>
  !(marker.kind === 'event' && marker.label in EVENT_NAMES);

const SAME_WITHIN_MS = 2_000;

/** Everything that happened, in order, the pages among it; like things in a row are one row with a count. */
export function deeds(detail: Pick<ReplayDetail, 'markers' | 'pages'>): Deed[] {
  const hasPages = detail.markers.some((marker) => marker.kind === 'page');
  const all: Deed[] = detail.markers
    // Each page has its row; the event that says so again only takes the room of what people did.
    .filter((marker) => !(marker.kind === 'event' && marker.label === '$mp_web_page_view'))
    .map((marker) => ({ ...marker, count: 1 }));
  if (!hasPages) {
    for (const page of detail.pages) {
      all.push({ at_ms: page.at_ms, kind: 'page', label: page.url, count: 1 });
    }
  }
  all.sort((a, b) => a.at_ms - b.at_ms);
  const rows: (Deed & { until_ms: number })[] = [];
  for (const deed of all) {
    const before = rows.at(-1);
    if (
      before &&
      before.kind === deed.kind &&
      before.label === deed.label &&
      deed.kind !== 'page' &&
      deed.at_ms - before.until_ms <= SAME_WITHIN_MS
    ) {
      before.count++;
      before.until_ms = deed.at_ms;
    } else {
      rows.push({ ...deed, until_ms: deed.at_ms });
    }
  }
  return rows.map(({ until_ms: _until, ...deed }) => deed);
}

export function narrow(all: Deed[], kinds: ReadonlySet<MarkerKind>, text: string): Deed[] {
  const sought = text.trim().toLowerCase();
  return all.filter(
    (deed) =>
      (kinds.size === 0 || kinds.has(deed.kind)) &&
      (sought === '' ||
        deed.label.toLowerCase().includes(sought) ||
        eventName(deed.label).toLowerCase().includes(sought)),
  );
}

/** The last row at or before the playhead; -1 before the first. */
export function currentRow(rows: Deed[], at_ms: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as Deed).at_ms <= at_ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
