import { Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useQuery } from '@tanstack/react-query';
import { ArrowDownWideNarrow, Check, ChevronDown, CloudOff, SearchX } from 'lucide-react';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { HttpError } from '../api/http';
import { type FeedFilter, liveCountQuery } from '../api/queries';
import { useNow } from '../lib/hooks';
import { count } from '../lib/format';
import { SearchField } from '../lib/SearchField';
import { Trouble } from '../lib/Trouble';
import { withoutTime } from '../lib/search';
import { useMay } from '../shell/session';
import style from './Feed.module.css';
import { CARD_HEIGHT, CardBones, FeedCard } from './FeedCard';
import { Filters, FilterChips } from './Filters';
import { Playlists } from './Playlists';
import { Chosen } from './Chosen';
import type { useFeed } from './useFeed';

const SORTS = {
  recency: ['Newest', 'Oldest'],
  duration: ['Longest', 'Shortest'],
  activity: ['Most active', 'Least active'],
} as const;

export function Feed(props: {
  project: string;
  filter: FeedFilter;
  feed: ReturnType<typeof useFeed>;
  current: string | undefined;
  searchRef: RefObject<HTMLInputElement | null>;
  onOpen?: () => void;
  /** Takes replays from the feed, or puts them back. Without it none can be selected. */
  onGone?: (ids: string[], gone: boolean) => void;
}) {
  const { project, filter, feed, current } = props;
  const navigate = useNavigate();
  const now = useNow();
  const live = useQuery(liveCountQuery(project)).data ?? 0;
  const mayDelete = useMay('delete');
  // While replays are being selected: those that are.
  const [picked, setPicked] = useState<ReadonlySet<string> | null>(null);

  const change = (patch: Partial<Record<keyof FeedFilter, unknown>>) =>
    void navigate({
      to: '.',
      search: (before) => {
        const next: Record<string, unknown> = { ...withoutTime(before), ...patch };
        for (const name of Object.keys(next)) if (!next[name]) delete next[name];
        return next;
      },
      replace: true,
    });

  const sort = filter.sort ?? 'recency';
  const ascending = filter.order === 'asc';
  const narrowed = Object.keys(filter).some((name) => name !== 'sort' && name !== 'order');

  return (
    <section className={style.feed} aria-label="Replay feed">
      <div className={style.top}>
        <Playlists project={project} />
        <SearchField
          value={filter.q ?? ''}
          label="Search replays by name, e-mail, user id or date"
          placeholder="Name, e-mail, user id, date…"
          onChange={(q) => change({ q })}
          inputRef={props.searchRef}
        />
        <div className={style.controls}>
          <Menu position="bottom-start" width={180} offset={4}>
            <Menu.Target>
              <button
                type="button"
                className={style.pick}
                aria-label={`Sorted: ${SORTS[sort][ascending ? 1 : 0]}`}
              >
                <ArrowDownWideNarrow size={14} aria-hidden />
                {SORTS[sort][ascending ? 1 : 0]}
                <ChevronDown size={12} aria-hidden />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {(Object.keys(SORTS) as (keyof typeof SORTS)[]).flatMap((name) =>
                SORTS[name].map((label, i) => (
                  <Menu.Item
                    key={label}
                    rightSection={
                      sort === name && ascending === (i === 1) ? (
                        <Check size={14} aria-label="chosen" />
                      ) : null
                    }
                    onClick={() =>
                      change({ sort: name === 'recency' ? '' : name, order: i === 1 ? 'asc' : '' })
                    }
                  >
                    {label}
                  </Menu.Item>
                )),
              )}
            </Menu.Dropdown>
          </Menu>
          <Filters project={project} filter={filter} change={change} />
        </div>
        <FilterChips filter={filter} change={change} />
        <div className={style.counts} aria-live="polite">
          <span className="num">
            {feed.error ? null : feed.loading ? (
              <span className="bone" style={{ display: 'inline-block', width: 72, height: 10 }} />
            ) : (
              `${count(feed.total)} ${feed.total === 1 ? 'replay' : 'replays'}`
            )}
          </span>
          <span>
            {(live > 0 || filter.live) && (
              <button
                type="button"
                className={style.liveCount}
                aria-pressed={filter.live === true}
                onClick={() => change({ live: filter.live ? '' : true })}
              >
                <i /> {count(live)} live
              </button>
            )}
            {props.onGone && mayDelete && feed.rows.length > 0 && (
              <button
                type="button"
                className={style.select}
                aria-pressed={picked !== null}
                onClick={() => setPicked(picked === null ? new Set() : null)}
              >
                {picked === null ? 'Select' : 'Done'}
              </button>
            )}
          </span>
        </div>
      </div>
      {feed.loading ? (
        <div className={style.list} aria-busy="true" aria-label="Loading replays">
          {Array.from({ length: 12 }, (_, i) => (
            <CardBones key={i} />
          ))}
        </div>
      ) : feed.error && feed.rows.length === 0 ? (
        <Trouble
          icon={<CloudOff size={18} />}
          title="The feed could not be loaded"
          retry={feed.retry}
        >
          {feed.error instanceof HttpError
            ? feed.error.message
            : 'The server could not be reached.'}
        </Trouble>
      ) : feed.rows.length === 0 ? (
        <Trouble
          icon={<SearchX size={18} />}
          title={narrowed ? 'No replay matches' : 'No replay yet'}
          action={
            narrowed ? (
              <button
                type="button"
                className="btn"
                onClick={() => void navigate({ to: '.', search: {} })}
              >
                Clear search and filters
              </button>
            ) : null
          }
        >
          {narrowed
            ? 'Search looks at names, e-mails, user ids and dates such as 2026-11-22.'
            : 'The first visit appears here by itself.'}
        </Trouble>
      ) : (
        <Cards {...props} now={now} current={current} picked={picked} onPicked={setPicked} />
      )}
      {picked && props.onGone && (
        <Chosen
          project={project}
          feed={feed}
          picked={picked}
          onPicked={setPicked}
          onGone={props.onGone}
        />
      )}
    </section>
  );
}

function Cards(props: {
  project: string;
  feed: ReturnType<typeof useFeed>;
  current: string | undefined;
  now: number;
  onOpen?: () => void;
  picked: ReadonlySet<string> | null;
  onPicked: (picked: ReadonlySet<string>) => void;
}) {
  const { feed, current, picked, onPicked } = props;
  const pick =
    picked &&
    ((id: string, on: boolean) => {
      const next = new Set(picked);
      if (on) next.add(id);
      else next.delete(id);
      onPicked(next);
    });
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: feed.rows.length + (feed.more ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT,
    getItemKey: (i) => feed.rows[i]?.replay_id ?? 'more',
    overscan: 6,
  });
  const items = virtual.getVirtualItems();

  // New replays on top push the rest down; whoever has scrolled keeps seeing the same cards.
  const topRow = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = topRow.current;
    topRow.current = feed.rows[0]?.replay_id;
    if (!element || before === undefined || element.scrollTop === 0) return;
    const moved = feed.rows.findIndex((row) => row.replay_id === before);
    if (moved > 0) element.scrollTop += moved * CARD_HEIGHT;
  }, [feed.rows]);

  const lastShown = items.at(-1)?.index ?? 0;
  const { more, loadingMore, moreFailed, loadMore } = feed;
  useEffect(() => {
    if (more && !loadingMore && !moreFailed && lastShown >= feed.rows.length - 8) loadMore();
  }, [more, loadingMore, moreFailed, loadMore, lastShown, feed.rows.length]);

  const currentAt = feed.rows.findIndex((row) => row.replay_id === current);
  useEffect(() => {
    if (currentAt >= 0) virtual.scrollToIndex(currentAt, { align: 'auto' });
    // Only when another replay is opened, not when rows move.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [current]);

  return (
    <div ref={scroller} className={style.list}>
      <ol style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const row = feed.rows[item.index];
          return (
            <li
              key={item.key}
              style={{
                position: 'absolute',
                insetInline: 0,
                height: CARD_HEIGHT,
                transform: `translateY(${item.start}px)`,
              }}
            >
              {row ? (
                <FeedCard
                  row={row}
                  project={props.project}
                  current={row.replay_id === current}
                  now={props.now}
                  onOpen={props.onOpen}
                  {...(pick ? { picked: picked.has(row.replay_id), onPick: pick } : {})}
                />
              ) : feed.moreFailed ? (
                <div className={style.moreFailed}>
                  Older replays could not be loaded.{' '}
                  <button type="button" className="link" onClick={feed.loadMore}>
                    Try again
                  </button>
                </div>
              ) : (
                <CardBones />
              )}
            </li>
          );
        })}
      </ol>
    </div>
  );
}
