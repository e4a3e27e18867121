import { type RefObject, useState } from 'react';

import type { ReplayDetail } from '../api/types';
import { useKeys, usePreference } from '../lib/hooks';
import { type RecordingSource, ReplayController, SPEEDS } from './controller';
import { steps } from './steps';
import { usePlay } from './usePlay';

export interface Player {
  controller: ReplayController;
  setSpeed: (speed: number) => void;
  setSkip: (skip: boolean) => void;
  /** To the marker before or after the playhead. */
  step: (direction: 1 | -1) => void;
  fullscreen: () => void;
  /** The page's size at the playhead; null before it is known. */
  size: { width: number; height: number } | null;
}

/** A replay that plays as soon as it can, at the pace that was chosen last, and is led by keys. */
export function usePlayer(
  section: RefObject<HTMLElement | null>,
  source: RecordingSource,
  detail: ReplayDetail,
  from_ms: number | null,
): Player {
  const [speed, keepSpeed] = usePreference('speed', 1);
  const [skip, keepSkip] = usePreference('skip', true);
  const [controller] = useState(
    () =>
      new ReplayController(source, {
        at_ms: from_ms === null ? null : Math.max(from_ms, detail.first_ms),
        play: true,
        speed: SPEEDS.find((one) => one === speed) ?? 1,
        skip,
        inactive: detail.activity.inactive,
        first_ms: detail.first_ms,
        last_ms: detail.last_ms,
        live: detail.live,
        url: detail.pages[0]?.url ?? detail.start_url,
      }),
  );
  const setSpeed = (value: number) => {
    controller.setSpeed(value);
    keepSpeed(value);
  };
  const setSkip = (value: boolean) => {
    controller.setSkip(value);
    keepSkip(value);
  };
  const step = (direction: 1 | -1) => {
    const to = steps(detail.markers, controller.snapshot().at_ms, direction);
    if (to !== null) controller.seek(to);
  };
  const faster = (direction: 1 | -1) => {
    const i = SPEEDS.findIndex((one) => one === controller.snapshot().speed);
    const next = SPEEDS[i + direction];
    if (next !== undefined) setSpeed(next);
  };
  const fullscreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void section.current?.requestFullscreen().catch(() => undefined);
  };
  useKeys({
    ' ': () => controller.toggle(),
    ArrowLeft: () => controller.seek(controller.snapshot().at_ms - 5_000),
    ArrowRight: () => controller.seek(controller.snapshot().at_ms + 5_000),
    n: () => step(1),
    p: () => step(-1),
    f: fullscreen,
    s: () => setSkip(!controller.snapshot().skip),
    '<': () => faster(-1),
    '>': () => faster(1),
  });
  const size = usePlay(controller, (state) => state.size) ?? detail.viewport;
  return { controller, setSpeed, setSkip, step, fullscreen, size };
}
