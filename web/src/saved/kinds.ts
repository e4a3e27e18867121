import { ChartLine, Clapperboard, Filter, Repeat, type LucideIcon, Split } from 'lucide-react';

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
    ...{ icon: Repeat, path: 'retention' },
  },
  flows: {
    ...{ noun: 'report', name: 'Flow', plural: 'Flows' },
    ...{ icon: Split, path: 'flows' },
  },
  replays: {
    ...{ noun: 'playlist', name: 'Playlist', plural: 'Playlists' },
    ...{ icon: Clapperboard, path: 'replays' },
  },
};
