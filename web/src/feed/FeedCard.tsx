import { Link } from '@tanstack/react-router';
import { Bookmark as BookmarkIcon, Monitor, Smartphone, Tablet } from 'lucide-react';
import { memo } from 'react';

import type { FeedRow } from '../api/types';
import { ago, clock, count, exact, path, personLabel, plural } from '../lib/format';
import { SignShape } from '../replay/Sign';
import { Avatar } from './Avatar';
import { withoutTime } from '../lib/search';
import style from './Feed.module.css';
import { Sparkline } from './Sparkline';

export const CARD_HEIGHT = 92;

const DEVICES = { Phone: Smartphone, Tablet, Desktop: Monitor };

export const WHY_NOT: Partial<Record<FeedRow['status'], string>> = {
  arriving: 'Arriving',
  masking: 'Being masked',
  no_full_snapshot: 'Not playable',
  expired: 'Expired',
  deleted: 'Deleted',
};

export const FeedCard = memo(function FeedCard(props: {
  row: FeedRow;
  project: string;
  current: boolean;
  now: number;
  onOpen?: (() => void) | undefined;
  /** Opens on the screen where the card stands, at this moment, instead of on the Replays screen. */
  from_ms?: number;
  /** While replays are being chosen: whether this one is, and what a click does. */
  picked?: boolean;
  onPick?: ((id: string, on: boolean) => void) | undefined;
}) {
  const { row, now } = props;
  const name = personLabel(row.person);
  const Device = DEVICES[row.device as keyof typeof DEVICES] ?? Monitor;
  const { from_ms } = props;
  const why = WHY_NOT[row.status];
  const { onPick } = props;
  const told = (
    <div className={style.body}>
      <div className={style.line}>
        <span className={style.name}>{name}</span>
        {row.live ? (
          <span className={style.live}>Live</span>
        ) : (
          <time className={style.when} dateTime={row.started_at} title={exact(row.started_at)}>
            {why && <span className={style.why}>{why} · </span>}
            {ago(row.started_at, now)}
          </time>
        )}
      </div>
      <div className={style.facts}>
        <Device size={13} aria-label={row.device ?? 'Desktop'} strokeWidth={1.75} />
        <span className="num">{clock(row.duration_ms)}</span>
        <span title={row.start_url ?? undefined}>{plural(row.page_count, 'page')}</span>
        <span>{plural(row.click_count, 'click')}</span>
        <span className={style.path}>{row.start_url ? path(row.start_url) : ''}</span>
      </div>
      <div className={style.line}>
        <Sparkline values={row.sparkline} />
        <span className={style.flags}>
          {row.bookmarked && (
            <BookmarkIcon
              size={13}
              fill="currentColor"
              aria-label="Bookmarked"
              className={style.kept}
            />
          )}
          {row.rage_click_count > 0 && (
            <span className={style.rage} title={plural(row.rage_click_count, 'rage click')}>
              <SignShape kind="rage_click" /> {count(row.rage_click_count)}
              <span className="unseen"> rage clicks</span>
            </span>
          )}
          {row.error_count > 0 && (
            <span className={style.err} title={plural(row.error_count, 'error')}>
              <SignShape kind="error" /> {count(row.error_count)}
              <span className="unseen"> errors</span>
            </span>
          )}
        </span>
      </div>
    </div>
  );
  return (
    <div className={style.holder}>
      {onPick ? (
        <label
          className={style.card}
          data-picked={props.picked || undefined}
          data-replay={row.replay_id}
        >
          <span className={style.box}>
            <input
              type="checkbox"
              checked={props.picked === true}
              onChange={(event) => onPick(row.replay_id, event.currentTarget.checked)}
            />
          </span>
          {told}
        </label>
      ) : (
        <Link
          {...(from_ms === undefined
            ? {
                to: '/projects/$project/replays/$replay',
                params: { project: props.project, replay: row.replay_id },
                search: withoutTime,
              }
            : {
                to: '.',
                search: (before: object) => ({ ...before, replay: row.replay_id, t: from_ms }),
              })}
          className={style.card}
          aria-current={props.current ? 'true' : undefined}
          data-replay={row.replay_id}
          {...(props.onOpen ? { onClick: props.onOpen } : {})}
        >
          <Avatar person={row.person} />
          {told}
        </Link>
      )}
      {row.distinct_id !== '' && !onPick && (
        <Link
          className={style.profile}
          to="/projects/$project/users/$person"
          params={{ project: props.project, person: row.distinct_id }}
          // By keyboard the details of the replay lead there.
          tabIndex={-1}
          aria-label={`Profile of ${name}`}
          title={`Profile of ${name}`}
        />
      )}
    </div>
  );
});

export function CardBones() {
  return (
    <div className={style.card} aria-hidden>
      <div className="bone" style={{ width: 28, height: 28, borderRadius: '50%', flex: 'none' }} />
      <div className={style.body}>
        <div className={style.line}>
          <div className="bone" style={{ width: 120, height: 12 }} />
          <div className="bone" style={{ width: 32, height: 10 }} />
        </div>
        <div className="bone" style={{ width: 180, height: 10 }} />
        <div className="bone" style={{ width: 128, height: 18 }} />
      </div>
    </div>
  );
}
