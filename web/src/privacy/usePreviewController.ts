import { useEffect, useRef, useState } from 'react';

import { previewSource } from '../api/privacy';
import { recordingSource } from '../api/queries';
import type { DraftRule, ReplayDetail } from '../api/types';
import { ReplayController } from '../replay/controller';

const sourceOf = (project: string, replay: string, rules: DraftRule[]) =>
  rules.length === 0 ? recordingSource(project, replay) : previewSource(project, replay, rules);

/** Plays `detail` with `rules` applied; another rule shows at the same place. */
export function usePreviewController(
  project: string,
  detail: ReplayDetail | null,
  rules: DraftRule[],
  at_ms: number | null,
): ReplayController | null {
  const wanted = JSON.stringify(rules);
  const [made, setMade] = useState<{ replay: string; controller: ReplayController } | null>(null);
  if (detail && made?.replay !== detail.replay_id) {
    setMade({
      replay: detail.replay_id,
      controller: new ReplayController(sourceOf(project, detail.replay_id, rules), {
        at_ms: at_ms ?? detail.first_ms,
        play: false,
        speed: 1,
        skip: true,
        inactive: detail.activity.inactive,
        first_ms: detail.first_ms,
        last_ms: detail.last_ms,
        live: false,
        url: detail.start_url,
      }),
    });
  }
  const shown = detail && made?.replay === detail.replay_id ? made : null;
  const applied = useRef<{ replay: string; rules: string } | null>(null);
  useEffect(() => {
    if (!shown) return;
    const before = applied.current;
    applied.current = { replay: shown.replay, rules: wanted };
    if (before?.replay === shown.replay && before.rules !== wanted)
      shown.controller.swap(sourceOf(project, shown.replay, JSON.parse(wanted) as DraftRule[]));
  }, [shown, wanted, project]);
  return shown?.controller ?? null;
}
