import { CircleAlert, Play, RotateCcw } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { spell } from '../lib/format';
import { useLate } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import type { ReplayController } from './controller';
import { leavePlayer, takePlayer } from './playerFrame';
import style from './Stage.module.css';
import { usePlay } from './usePlay';

/** Where the player document shows the page. It never gets the focus: keys stay with the dashboard. */
export function Stage(props: {
  controller: ReplayController;
  origin: string;
  /** Of the page, when the stage shall be no higher than it. */
  ratio: number | null;
  /** What lies over the page, where the player draws it. */
  over?: ReactNode;
  /** No sign over the page while it stands still: someone wants to look at it. */
  bare?: boolean;
  /** In the place of a replay that may not be watched until it has been masked. */
  masking?: ReactNode;
}) {
  const { controller, origin, ratio } = props;
  const slot = useRef<HTMLDivElement>(null);
  const phase = usePlay(controller, (state) => state.phase);
  const error = usePlay(controller, (state) => state.error);
  const drawn = usePlay(controller, (state) => state.drawn);
  const following = usePlay(controller, (state) => state.following);
  const slow = useLate(phase === 'buffering' || phase === 'starting', 500);

  // Before the slot is taken from the page, for then the frame would be lost.
  useLayoutEffect(() => {
    if (!slot.current) return;
    const frame = takePlayer(origin, slot.current);
    const detach = controller.attach(frame);
    return () => {
      detach();
      leavePlayer(frame);
    };
  }, [controller, origin]);

  return (
    <div
      className={style.stage}
      style={ratio === null ? undefined : { flex: 'none', aspectRatio: ratio, maxHeight: '50dvh' }}
    >
      <div ref={slot} className={style.frame} data-shown={drawn || undefined} />
      <button
        type="button"
        className={style.cover}
        tabIndex={-1}
        aria-label={phase === 'playing' ? 'Pause' : 'Play'}
        onClick={() => controller.toggle()}
      >
        {!props.bare && (phase === 'paused' || phase === 'ended') && (
          <span className={style.badge}>
            {phase === 'paused' ? <Play size={22} fill="currentColor" /> : <RotateCcw size={22} />}
          </span>
        )}
      </button>
      {props.over && <div className={style.over}>{props.over}</div>}
      {slow && phase !== 'failed' && (
        <div className={style.note} role="status">
          <i className={style.spinner} />{' '}
          {phase === 'starting'
            ? 'Opening the replay'
            : following
              ? 'Waiting for the visitor'
              : 'Loading'}
        </div>
      )}
      <Skipped controller={controller} />
      {phase === 'failed' && error && (
        <div className={style.failed}>
          {props.masking && error.code.startsWith('replay_masking') ? (
            props.masking
          ) : (
            <Trouble
              icon={<CircleAlert size={18} />}
              title={
                error.code === 'no_full_snapshot'
                  ? 'The page itself never arrived'
                  : 'The replay stopped'
              }
              {...(error.code === 'no_full_snapshot' ? {} : { retry: () => controller.retry() })}
            >
              {error.message}
            </Trouble>
          )}
        </div>
      )}
    </div>
  );
}

/** Says for a moment what was jumped over. */
function Skipped({ controller }: { controller: ReplayController }) {
  const skipped = usePlay(controller, (state) => state.skipped);
  const [over, setOver] = useState<typeof skipped>(null);
  useEffect(() => {
    if (!skipped) return;
    const timer = setTimeout(() => setOver(skipped), 1_800);
    return () => clearTimeout(timer);
  }, [skipped]);
  if (!skipped || over === skipped) return null;
  return (
    <div className={style.note} role="status">
      Skipped {spell(skipped.to_ms - skipped.from_ms)} without activity
    </div>
  );
}
