import { useSyncExternalStore } from 'react';

import type { PlayState, ReplayController } from './controller';

/** A part of the play state; the component is drawn again only when that part changes. */
export function usePlay<T extends string | number | boolean | object | null>(
  controller: ReplayController,
  select: (state: PlayState) => T,
): T {
  return useSyncExternalStore(controller.subscribe, () => select(controller.snapshot()));
}
