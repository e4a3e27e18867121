import { Menu } from '@mantine/core';
import {
  Check,
  ChevronFirst,
  ChevronLast,
  List,
  Maximize,
  Pause,
  PanelBottom,
  Play,
  RectangleHorizontal,
  RotateCcw,
  Share2,
  SkipForward,
} from 'lucide-react';
import { useState } from 'react';

import type { ReplayDetail } from '../api/types';
import { useCopy } from '../lib/Copy';
import { clock } from '../lib/format';
import { Tip } from '../lib/Tip';
import { useMay } from '../shell/session';
import { linkTo } from './AddressBar';
import style from './Controls.module.css';
import { type ReplayController, SKIP_FROM_MS, SPEEDS } from './controller';
import type { ViewProps } from './ReplayView';
import { ShareDialog } from './ShareDialog';
import { usePlay } from './usePlay';

export function Controls(
  props: ViewProps & {
    detail: ReplayDetail;
    controller: ReplayController;
    setSpeed: (speed: number) => void;
    setSkip: (skip: boolean) => void;
    step: (direction: 1 | -1) => void;
    fullscreen: () => void;
    /** The details stand under the controls already. */
    detailsShown: boolean;
  },
) {
  const { controller, narrow } = props;
  const live = usePlay(controller, (state) => state.live);
  const following = usePlay(controller, (state) => state.following);
  const [copied, copy] = useCopy();
  const [sharing, setSharing] = useState(false);
  const mayShare = useMay('share');
  const here = () => controller.snapshot().at_ms;
  const link = (at_ms: number | null) => linkTo(props.project.project_id, props.replay, at_ms);

  return (
    <div className={style.controls}>
      <div className={style.group}>
        <PlayButtons controller={controller} step={props.step} />
        <Time controller={controller} short={narrow && live} />
        {live && (
          <Tip
            label={following ? 'You see the visit as it happens' : 'Go to where the visitor is now'}
          >
            <button
              type="button"
              className={style.live}
              aria-pressed={following}
              onClick={() => controller.follow()}
            >
              <i /> Live
            </button>
          </Tip>
        )}
      </div>
      <div className={style.group}>
        <Pace
          controller={controller}
          narrow={narrow}
          setSpeed={props.setSpeed}
          setSkip={props.setSkip}
        />
        <Menu position="top-end" width={220} offset={4}>
          <Menu.Target>
            <button type="button" className="icon" aria-label="Share">
              {copied ? <Check size={16} /> : <Share2 size={16} strokeWidth={1.75} />}
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => copy(link(here()))}>
              <ShareAt controller={controller} />
            </Menu.Item>
            <Menu.Item onClick={() => copy(link(null))}>Copy link from the start</Menu.Item>
            {mayShare && (
              <>
                <Menu.Divider />
                <Menu.Item onClick={() => setSharing(true)}>Share with others…</Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
        {narrow ? (
          <>
            <button
              type="button"
              className="icon"
              aria-label="Other replays"
              onClick={props.onFeed}
            >
              <List size={17} strokeWidth={1.75} />
            </button>
            {!props.detailsShown && (
              <button type="button" className="icon" aria-label="Details" onClick={props.onDetails}>
                <PanelBottom size={17} strokeWidth={1.75} />
              </button>
            )}
          </>
        ) : (
          <Tip label={props.theatre ? 'Leave the theatre' : 'Theatre'} keys="t">
            <button
              type="button"
              className="icon"
              aria-label="Theatre"
              aria-pressed={props.theatre}
              onClick={props.onTheatre}
            >
              <RectangleHorizontal size={17} strokeWidth={1.75} />
            </button>
          </Tip>
        )}
        <Tip label="Full screen" keys="f">
          <button
            type="button"
            className="icon"
            aria-label="Full screen"
            onClick={props.fullscreen}
          >
            <Maximize size={16} strokeWidth={1.75} />
          </button>
        </Tip>
        {sharing && (
          <ShareDialog
            project={props.project.project_id}
            replay={props.replay}
            onClose={() => setSharing(false)}
          />
        )}
        <span className="unseen" role="status">
          {copied ? 'Link copied' : ''}
        </span>
      </div>
    </div>
  );
}

export function PlayButtons(props: {
  controller: ReplayController;
  step: (direction: 1 | -1) => void;
}) {
  const { controller } = props;
  const phase = usePlay(controller, (state) => state.phase);
  const running = phase === 'playing' || phase === 'buffering' || phase === 'starting';
  const label = running ? 'Pause' : phase === 'ended' ? 'Play again' : 'Play';
  return (
    <>
      <Tip label={label} keys="Space">
        <button
          type="button"
          className={style.play}
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
      <Tip label="Previous marker" keys="p">
        <button
          type="button"
          className="icon"
          aria-label="Previous marker"
          onClick={() => props.step(-1)}
        >
          <ChevronFirst size={17} strokeWidth={1.75} />
        </button>
      </Tip>
      <Tip label="Next marker" keys="n">
        <button
          type="button"
          className="icon"
          aria-label="Next marker"
          onClick={() => props.step(1)}
        >
          <ChevronLast size={17} strokeWidth={1.75} />
        </button>
      </Tip>
    </>
  );
}

/** How fast, and whether what is quiet is jumped over. */
export function Pace(props: {
  controller: ReplayController;
  narrow: boolean;
  setSpeed: (speed: number) => void;
  setSkip: (skip: boolean) => void;
}) {
  const { controller, narrow } = props;
  const speed = usePlay(controller, (state) => state.speed);
  const skip = usePlay(controller, (state) => state.skip);
  return (
    <>
      <Menu position="top" width={110} offset={4}>
        <Menu.Target>
          <button type="button" className={style.speed} aria-label={`Speed: ${speed} times`}>
            {speed}×
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {[...SPEEDS].reverse().map((one) => (
            <Menu.Item
              key={one}
              rightSection={one === speed ? <Check size={14} aria-label="chosen" /> : null}
              onClick={() => props.setSpeed(one)}
            >
              <span className="num">{one}×</span>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Tip
        label={`${skip ? 'Skipping' : 'Skip'} stretches of ${SKIP_FROM_MS / 1000} s and more without activity`}
        keys="s"
      >
        <button
          type="button"
          className={narrow ? 'icon' : style.skip}
          aria-pressed={skip}
          aria-label="Skip inactivity"
          onClick={() => props.setSkip(!skip)}
        >
          <SkipForward size={15} strokeWidth={1.75} aria-hidden />
          {!narrow && <span className={style.skipLabel}>Skip inactivity</span>}
        </button>
      </Tip>
    </>
  );
}

/** `short`: a visit that goes on has no length yet, and a phone no room for it. */
export function Time({ controller, short }: { controller: ReplayController; short: boolean }) {
  const at = usePlay(controller, (state) => clock(state.at_ms - state.first_ms));
  const total = usePlay(controller, (state) => clock(state.last_ms - state.first_ms));
  return (
    <span className={style.time}>
      {at} {!short && <span>/ {total}</span>}
    </span>
  );
}

function ShareAt({ controller }: { controller: ReplayController }) {
  const at = usePlay(controller, (state) => clock(state.at_ms - state.first_ms));
  return <span className="num">Copy link at {at}</span>;
}
