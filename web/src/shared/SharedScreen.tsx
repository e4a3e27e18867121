import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { CircleOff, CloudOff, Hourglass, Maximize } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';

import { type SharedReplay, sharedQuery, sharedSource } from '../api/governance';
import { HttpError, reason } from '../api/http';
import type { ReplayDetail } from '../api/types';
import { clock, exact, moment, plural } from '../lib/format';
import { useNarrow, useNow } from '../lib/hooks';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import controls from '../replay/Controls.module.css';
import { Pace, PlayButtons, Time } from '../replay/Controls';
import { Activity } from '../replay/Details';
import { Stage } from '../replay/Stage';
import { Timeline } from '../replay/Timeline';
import { usePlay } from '../replay/usePlay';
import { usePlayer } from '../replay/usePlayer';
import { leftOf } from './left';
import style from './Shared.module.css';

/** A replay for whoever has its link: no log-in, and nothing about whose visit it was. */
export function SharedScreen() {
  const { secret = '' } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(sharedQuery(secret));
  useEffect(() => {
    document.title = 'Shared replay · Playhead';
  }, []);
  if (data?.status === 'ready') return <Playing key={secret} secret={secret} detail={data} />;
  if (data)
    return (
      <Alone>
        <Trouble icon={<Hourglass size={18} />} title="This replay can’t be watched at the moment">
          It may still be arriving, or the site’s privacy rules are being applied to it. Try again
          in a while.
        </Trouble>
      </Alone>
    );
  if (error instanceof HttpError && (error.status === 404 || error.status === 410))
    return (
      <Alone>
        <Trouble icon={<CircleOff size={18} />} title="This link does not work">
          It may have expired, been revoked, or lost a letter on its way. Whoever sent it can make a
          new one.
        </Trouble>
      </Alone>
    );
  if (error)
    return (
      <Alone>
        <Trouble
          icon={<CloudOff size={18} />}
          title="The replay could not be loaded"
          retry={() => void refetch()}
        >
          {reason(error)}
        </Trouble>
      </Alone>
    );
  return (
    <Alone>
      <section className={style.player} aria-busy="true" aria-label="Loading the replay">
        <div className={`bone ${style.url}`} />
        <div className={style.bones} />
        <div className={`bone ${style.line}`} />
      </section>
      <aside className={style.side} aria-hidden>
        {Array.from({ length: 10 }, (_, i) => (
          <div
            key={i}
            className={`bone ${style.deed}`}
            style={{ width: `${80 - (i % 3) * 16}%` }}
          />
        ))}
      </aside>
    </Alone>
  );
}

function Alone({ children, facts }: { children: ReactNode; facts?: ReactNode }) {
  return (
    <div className={style.page}>
      <header className={style.head}>
        <img src="/assets/playhead.svg" alt="" width={24} height={24} />
        <h1>Shared replay</h1>
        {facts}
      </header>
      <main className={style.main}>{children}</main>
    </div>
  );
}

/** What the player's parts ask for; of a shared replay nobody is told whose it is. */
const whole = (detail: SharedReplay): ReplayDetail => ({
  ...detail,
  ...{ distinct_id: '', watch_url: '', bookmarked: false, bookmark: null, live: false },
  person: { distinct_id: '', name: null, email: null, avatar: null },
});

function Playing({ secret, detail: shared }: { secret: string; detail: SharedReplay }) {
  const search: { t?: number } = useSearch({ strict: false });
  const narrow = useNarrow();
  const now = useNow();
  const section = useRef<HTMLElement>(null);
  const [detail] = useState(() => whole(shared));
  const [source] = useState(() => sharedSource(secret));
  const { controller, size, step, fullscreen, setSpeed, setSkip } = usePlayer(
    section,
    source,
    detail,
    search.t ?? null,
  );
  const url = usePlay(controller, (state) => state.url);
  const under = narrow && size !== null && size.width > size.height;
  return (
    <Alone
      facts={
        <p className={style.facts}>
          <span title={exact(detail.started_at)}>{moment(detail.started_at)}</span>
          <span className="num">{clock(detail.duration_ms)}</span>
          <span>{plural(detail.page_count, 'page')}</span>
          <span title={exact(shared.link_expires_at)} className={style.expiry}>
            The link works {leftOf(shared.link_expires_at, now)}
          </span>
        </p>
      }
    >
      <section
        ref={section}
        className={style.player}
        aria-label="Player"
        data-under={under || undefined}
      >
        <p className={style.url} title={url ?? undefined}>
          {url}
        </p>
        <Stage
          controller={controller}
          origin={shared.replay_origin}
          ratio={under ? size.width / size.height : null}
        />
        <Timeline detail={detail} controller={controller} />
        <div className={controls.controls}>
          <div className={controls.group}>
            <PlayButtons controller={controller} step={step} />
            <Time controller={controller} short={false} />
          </div>
          <div className={controls.group}>
            <Pace controller={controller} narrow={narrow} setSpeed={setSpeed} setSkip={setSkip} />
            <Tip label="Full screen" keys="f">
              <button type="button" className="icon" aria-label="Full screen" onClick={fullscreen}>
                <Maximize size={16} strokeWidth={1.75} />
              </button>
            </Tip>
          </div>
        </div>
      </section>
      {(!narrow || under) && (
        <aside className={style.side} aria-label="What happened">
          <Activity detail={detail} controller={controller} />
        </aside>
      )}
    </Alone>
  );
}
