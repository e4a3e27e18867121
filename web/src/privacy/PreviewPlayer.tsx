import { ChevronFirst, ChevronLast, Pause, Play, RotateCcw } from 'lucide-react';
import { useMemo } from 'react';

import type { PreviewSample, ReplayDetail } from '../api/types';
import { clock } from '../lib/format';
import { useKeys } from '../lib/hooks';
import { Tip } from '../lib/Tip';
import type { ReplayController } from '../replay/controller';
import controls from '../replay/Controls.module.css';
import { Stage } from '../replay/Stage';
import { Timeline } from '../replay/Timeline';
import { usePlay } from '../replay/usePlay';
import { useSession } from '../shell/session';
import { nextMatch } from './matches';
import { PickLayer } from './PickLayer';

/** The replay as it would be under the rule, with what it changes marked on the timeline. */
export function PreviewPlayer(props: {
  detail: ReplayDetail;
  controller: ReplayController;
  samples: PreviewSample[];
  picking: boolean;
  onPick: (selector: string) => void;
  onCancelPick: () => void;
  narrow: boolean;
}) {
  const { controller, samples } = props;
  const session = useSession();
  const phase = usePlay(controller, (state) => state.phase);
  const size = usePlay(controller, (state) => state.size);
  const running = phase === 'playing' || phase === 'buffering' || phase === 'starting';
  const label = running ? 'Pause' : phase === 'ended' ? 'Play again' : 'Play';
  const detail = useMemo(
    () => ({
      ...props.detail,
      markers: samples.map((one) => ({
        at_ms: one.at_ms,
        kind: 'event' as const,
        label: `${one.where}: ${one.after}`,
      })),
    }),
    [props.detail, samples],
  );
  const step = (direction: 1 | -1) => {
    const to = nextMatch(samples, controller.snapshot().at_ms, direction);
    if (to !== null) controller.seek(to);
  };
  useKeys({
    ' ': () => controller.toggle(),
    ArrowLeft: () => controller.seek(controller.snapshot().at_ms - 5_000),
    ArrowRight: () => controller.seek(controller.snapshot().at_ms + 5_000),
    n: () => step(1),
    p: () => step(-1),
  });
  return (
    <>
      <Stage
        bare
        controller={controller}
        origin={session.replay_origin}
        ratio={
          props.narrow ? (size && size.width > size.height ? size.width / size.height : 1) : null
        }
        over={
          props.picking && (
            <PickLayer
              controller={controller}
              onPick={props.onPick}
              onCancel={props.onCancelPick}
            />
          )
        }
      />
      <Timeline detail={detail} controller={controller} />
      <div className={controls.controls}>
        <div className={controls.group}>
          <Tip label={label} keys="Space">
            <button
              type="button"
              className={controls.play}
              aria-label={label}
              onClick={() => controller.toggle()}
            >
              {running ? (
                <Pause size={17} fill="currentColor" strokeWidth={1} />
              ) : phase === 'ended' ? (
                <RotateCcw size={16} />
              ) : (
                <Play size={17} fill="currentColor" strokeWidth={1} />
              )}
            </button>
          </Tip>
          {samples.length > 0 && (
            <>
              <Tip label="Previous match" keys="p">
                <button
                  type="button"
                  className="icon"
                  aria-label="Previous match"
                  onClick={() => step(-1)}
                >
                  <ChevronFirst size={17} strokeWidth={1.75} />
                </button>
              </Tip>
              <Tip label="Next match" keys="n">
                <button
                  type="button"
                  className="icon"
                  aria-label="Next match"
                  onClick={() => step(1)}
                >
                  <ChevronLast size={17} strokeWidth={1.75} />
                </button>
              </Tip>
            </>
          )}
          <Time controller={controller} />
        </div>
      </div>
    </>
  );
}

function Time({ controller }: { controller: ReplayController }) {
  const at = usePlay(controller, (state) => clock(state.at_ms - state.first_ms));
  const total = usePlay(controller, (state) => clock(state.last_ms - state.first_ms));
  return (
    <span className={controls.time}>
      {at} <span>/ {total}</span>
    </span>
  );
}
