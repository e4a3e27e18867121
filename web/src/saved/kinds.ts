import { ChartLine, Clapperboard, Filter, Grid3x3, type LucideIcon, Waypoints } from 'lucide-react';

import type { SavedKind } from '../api/saved';

interface Kind {
  /** What one of them is called. */
  noun: 'report' | 'playlist';
  name: string;
  /** Of many. */
  plural: string;
  icon: LucideIcon;
  /** The screen's place under the project's. */
  path: string;
}

/** What can be saved, in the order of the screens. */
export const KINDS: Record<SavedKind, Kind> = {
  insights: {
    ...{ noun: 'report', name: 'Insights', plural: 'Insights' },
    ...{ icon: ChartLine, path: 'insights' },
  },
  funnel: {
    ...{ noun: 'report', name: 'Funnel', plural: 'Funnels' },
    ...{ icon: Filter, path: 'funnels' },
  },
  retention: {
    ...{ noun: 'report', name: 'Retention', plural: 'Retention' },
    ...{ icon: Grid3x3, path: 'retention' },
  },
  flows: {
    ...{ noun: 'report', name: 'Flow', plural: 'Flows' },
    ...{ icon: Waypoints, path: 'flows' },
  },
  replays: {
    ...{ noun: 'playlist', name: 'Playlist', plural: 'Playlists' },
    ...{ icon: Clapperboard, path: 'replays' },
  },
};
