import { Drawer } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CircleOff, CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';

import { HttpError } from '../api/http';
import { type ReportKind, type WatchableRow, watchableReplaysQuery } from '../api/reports';
import { CardBones, FeedCard } from '../feed/FeedCard';
import { count, personLabel, plural } from '../lib/format';
import { useKeys, useNarrow, useNow, usePreference } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { ReplayView } from '../replay/ReplayView';
import { useProject } from '../shell/session';
import { BehindHead } from './BehindHead';
import type { WatchingSearch } from './parts';
import style from './Watching.module.css';
import { whyNoReplay } from './words';

/** A replay begins this long before the event that it is watched for. */
export const LEAD_MS = 5_000;

/** View Replays: a player with its own feed over the report. */
export function Watching(props: {
  kind: ReportKind;
  body: object;
  point: object;
  /** What is being watched: "Dropped after Add to Cart · 18 Nov". */
  title: string;
  onClose: () => void;
}) {
  const project = useProject();
  const search: WatchingSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const narrow = useNarrow();
  const now = useNow();
  const [sheet, setSheet] = useState<'feed' | 'details' | null>(null);
  const [feedFolded, foldFeed] = usePreference('feed-folded', false);
  const [detailsFolded, foldDetails] = usePreference('details-folded', false);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());

  const found = useInfiniteQuery(
    watchableReplaysQuery(project.project_id, props.kind, props.body, props.point),
  );
  const first = found.data?.pages[0];
  const rows = (found.data?.pages ?? [])
    .flatMap((page) => page.results)
    .filter((row) => !gone.has(row.replay_id));

  const { replay, theatre } = search;
  const at = rows.findIndex((row) => row.replay_id === replay);
  const current = rows[at];
  const open = (row: WatchableRow | undefined) => {
    if (!row) return;
    void navigate({
      to: '.',
      search: (before) => ({ ...before, replay: row.replay_id, t: start(row) }),
    });
  };
  // The newest opens by itself.
  const newest = rows[0];
  useEffect(() => {
    if (replay !== undefined || !newest) return;
    void navigate({
      to: '.',
      search: (before) => ({ ...before, replay: newest.replay_id, t: start(newest) }),
      replace: true,
    });
  }, [replay, newest, navigate]);

  const later = rows[at + 1];
  const earlier = at > 0 ? rows[at - 1] : undefined;
  const setTheatre = (on: boolean) =>
    void navigate({
      to: '.',
      search: (before) => {
        const rest = { ...before };
        delete rest.theatre;
        return on ? { ...rest, theatre: true } : rest;
      },
      replace: true,
    });
  const showFeed = () => (narrow ? setSheet('feed') : foldFeed(!feedFolded));
  const showDetails = () => (narrow ? setSheet('details') : foldDetails(!detailsFolded));
  useKeys({
    Escape: props.onClose,
    j: () => open(later),
    k: () => open(earlier),
    '[': showFeed,
    ']': showDetails,
    t: () => setTheatre(!theatre),
  });

  const why = first ? whyNoReplay(first) : [];
  const people = first && plural(first.people, 'person', 'people');
  const feed = (
    <div className={style.list}>
      {found.isPending && Array.from({ length: 5 }, (_, i) => <CardBones key={i} />)}
      <ol>
        {rows.map((row) => (
          <li key={row.replay_id} className={style.card}>
            <FeedCard
              row={row}
              project={project.project_id}
              current={row.replay_id === replay}
              now={now}
              from_ms={start(row)}
              onOpen={() => setSheet(null)}
            />
          </li>
        ))}
      </ol>
      {found.hasNextPage && (
        <button
          type="button"
          className="btn"
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {found.isFetchNextPageError ? 'Try again' : 'Show older'}
        </button>
      )}
      {rows.length > 0 && why.map((text) => <p key={text}>{text}</p>)}
    </div>
  );
  const hideFeed = feedFolded || theatre === true;

  return (
    <section className={style.watching} aria-label={`View Replays: ${props.title}`}>
      <BehindHead
        show={undefined}
        title={props.title}
        counted={first ? `${plural(first.total, 'replay')} of ${people}` : null}
        loading={found.isPending}
        onClose={props.onClose}
      >
        {narrow && rows.length > 0 && (
          <button type="button" className="btn" onClick={() => setSheet('feed')}>
            All {count(first?.total ?? 0)}
          </button>
        )}
      </BehindHead>
      <div className={style.body}>
        {!narrow && !hideFeed && !(first && rows.length === 0) && !found.isError && (
          <aside className={style.feed} aria-label="Replays behind the point">
            {feed}
          </aside>
        )}
        {found.isError && !first ? (
          <Trouble
            icon={<CloudOff size={18} />}
            title="The replays could not be loaded"
            retry={() => void found.refetch()}
          >
            {found.error instanceof HttpError
              ? found.error.message
              : 'The server could not be reached.'}
          </Trouble>
        ) : first && rows.length === 0 ? (
          <Trouble icon={<CircleOff size={18} />} title="No replay to watch here">
            {first.events === 0
              ? 'Nobody is behind this point, so there is nothing to watch.'
              : `${people} and ${plural(first.events, 'event')} are behind this point. ${why.join(' ')}`}
          </Trouble>
        ) : replay ? (
          <ReplayView
            key={replay}
            project={project}
            replay={replay}
            from_ms={search.t ?? (current ? start(current) : null)}
            mark={current ? { at_ms: current.at_ms, label: props.title } : null}
            tab={search.tab ?? 'activity'}
            narrow={narrow}
            theatre={theatre === true}
            feedFolded={hideFeed}
            detailsFolded={detailsFolded || theatre === true}
            detailsSheet={sheet === 'details'}
            closeSheet={() => setSheet(null)}
            onFeed={theatre ? () => setTheatre(false) : showFeed}
            onDetails={theatre ? () => setTheatre(false) : showDetails}
            onTheatre={() => setTheatre(!theatre)}
            onEarlier={earlier && (() => open(earlier))}
            onLater={later && (() => open(later))}
            onDeleted={() => {
              setGone(new Set([...gone, replay]));
              const next = later ?? earlier;
              if (next) open(next);
              else props.onClose();
            }}
          />
        ) : (
          <div className={style.stage} aria-busy="true" />
        )}
      </div>
      {narrow && (
        <Drawer
          opened={sheet === 'feed'}
          onClose={() => setSheet(null)}
          position="bottom"
          size="82%"
          title={current ? `Watching ${personLabel(current.person)}` : 'Replays'}
          padding={0}
          classNames={{ header: style.sheetHead, body: style.sheetBody, content: style.sheet }}
        >
          {feed}
        </Drawer>
      )}
    </section>
  );
}

const start = (row: WatchableRow) => row.at_ms - LEAD_MS;
