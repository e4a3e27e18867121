import { Drawer } from '@mantine/core';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ExternalLink, MousePointerClick } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';

import type { FeedFilter } from '../api/queries';
import { Feed } from '../feed/Feed';
import type { ReplaysSearch } from '../feed/search';
import { useFeed } from '../feed/useFeed';
import { FirstMinutes } from '../first/FirstMinutes';
import { useKeys, useNarrow, usePreference } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import type { NamedSearch } from '../saved/search';
import { useProject, useSampleShop, useSession } from '../shell/session';
import { preparePlayer } from './playerFrame';
import { ReplayView } from './ReplayView';
import { withoutTime } from '../lib/search';
import style from './ReplaysScreen.module.css';

export function ReplaysScreen() {
  const project = useProject();
  const { replay_origin } = useSession();
  useEffect(() => preparePlayer(replay_origin), [replay_origin]);
  const shop = useSampleShop();
  const { replay } = useParams({ strict: false });
  const search: ReplaysSearch & NamedSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const narrow = useNarrow();

  const { theatre } = search;
  const asked = JSON.stringify({
    ...search,
    t: undefined,
    tab: undefined,
    theatre: undefined,
    report: undefined,
  });
  const filter = useMemo(() => JSON.parse(asked) as FeedFilter, [asked]);
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const feed = useFeed(project.project_id, filter, gone);

  const [feedFolded, foldFeed] = usePreference('feed-folded', false);
  const [detailsFolded, foldDetails] = usePreference('details-folded', false);
  // A link to a tab of the details shows it, on a phone too.
  const [sheet, setSheet] = useState<'feed' | 'details' | null>(search.tab ? 'details' : null);
  const searchRef = useRef<HTMLInputElement>(null);

  const at = feed.rows.findIndex((row) => row.replay_id === replay);
  const open = (id: string | undefined) => {
    if (id === undefined) return;
    void navigate({
      to: '/projects/$project/replays/$replay',
      params: { project: project.project_id, replay: id },
      search: withoutTime,
    });
  };
  const later = feed.rows[at + 1]?.replay_id;
  const earlier = at > 0 ? feed.rows[at - 1]?.replay_id : undefined;
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
    j: () => open(later),
    k: () => open(earlier),
    '[': showFeed,
    ']': showDetails,
    t: () => setTheatre(!theatre),
    '/': () => searchRef.current?.focus(),
  });

  const waits = asked === '{}' && !replay && !feed.loading && !feed.error && feed.rows.length === 0;
  // Whoever waited for the first visit sees it as soon as it is there.
  const waited = useRef(false);
  const first = feed.rows[0]?.replay_id;
  useEffect(() => {
    if (waits) waited.current = true;
    else if (waited.current && first !== undefined) {
      waited.current = false;
      void navigate({
        to: '/projects/$project/replays/$replay',
        params: { project: project.project_id, replay: first },
      });
    }
  }, [waits, first, navigate, project.project_id]);
  if (waits) {
    return <FirstMinutes project={project} />;
  }

  const feedPanel = (
    <Feed
      project={project.project_id}
      filter={filter}
      feed={feed}
      current={replay}
      searchRef={searchRef}
      onOpen={() => setSheet(null)}
      onGone={(ids, are) => {
        setGone((was) => {
          const next = new Set(was);
          for (const id of ids) {
            if (are) next.add(id);
            else next.delete(id);
          }
          return next;
        });
      }}
    />
  );
  const hideFeed = feedFolded || theatre === true;

  if (narrow && !replay)
    return (
      <div className={style.whole}>
        <h1 className="unseen">Replays</h1>
        {feedPanel}
      </div>
    );

  return (
    <div className={style.screen}>
      <h1 className="unseen">Replays</h1>
      {!narrow && !(hideFeed && replay) && (
        <aside className={style.feed} aria-label="Feed">
          {feedPanel}
        </aside>
      )}
      {replay ? (
        <ReplayView
          key={replay}
          project={project}
          replay={replay}
          from_ms={search.t ?? null}
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
          onEarlier={earlier === undefined ? undefined : () => open(earlier)}
          onLater={later === undefined ? undefined : () => open(later)}
          onDeleted={() => {
            setGone(new Set([...gone, replay]));
            const next = later ?? earlier;
            if (next) open(next);
            else
              void navigate({
                to: '/projects/$project/replays',
                params: { project: project.project_id },
              });
          }}
        />
      ) : (
        <div className={style.pick}>
          {feed.rows.length > 0 && (
            <Trouble
              icon={<MousePointerClick size={18} />}
              title="Choose a replay to watch it"
              action={
                shop && (
                  <a className="btn" href={shop} target="_blank" rel="noreferrer">
                    Open the sample shop and watch yourself <ExternalLink size={13} aria-hidden />
                  </a>
                )
              }
            >
              <kbd>j</kbd> opens the first, <kbd>/</kbd> searches, <kbd>?</kbd> shows all keys.
            </Trouble>
          )}
        </div>
      )}
      {narrow && (
        <Drawer
          opened={sheet === 'feed'}
          onClose={() => setSheet(null)}
          position="bottom"
          size="82%"
          title="Replays"
          padding={0}
          classNames={{ header: style.sheetHead, body: style.sheetBody, content: style.sheet }}
        >
          {feedPanel}
        </Drawer>
      )}
    </div>
  );
}
