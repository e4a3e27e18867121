import type { FeedFilter } from '../api/queries';
import { type Raw, TABS, flag, given, number, oneOf, text } from '../lib/search';

/** Everything a Replays screen shows is in its address. */
export interface ReplaysSearch extends FeedFilter {
  /** Where in the replay, as the events' own epoch milliseconds. */
  t?: number;
  tab?: (typeof TABS)[number];
  theatre?: boolean;
}

export function replaysSearch(raw: Raw): ReplaysSearch {
  return given({
    q: text(raw, 'q'),
    sort: oneOf(raw, 'sort', ['recency', 'duration', 'activity'] as const),
    order: oneOf(raw, 'order', ['asc', 'desc'] as const),
    from: text(raw, 'from'),
    to: text(raw, 'to'),
    event: text(raw, 'event'),
    url: text(raw, 'url'),
    has_error: flag(raw, 'has_error'),
    has_rage_click: flag(raw, 'has_rage_click'),
    min_duration_ms: number(raw, 'min_duration_ms'),
    browser: text(raw, 'browser'),
    os: text(raw, 'os'),
    device: text(raw, 'device'),
    live: flag(raw, 'live'),
    bookmarked: flag(raw, 'bookmarked'),
    distinct_id: text(raw, 'distinct_id'),
    t: number(raw, 't'),
    tab: oneOf(raw, 'tab', TABS),
    theatre: flag(raw, 'theatre'),
  });
}
