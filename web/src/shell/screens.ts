import {
  Activity,
  BookOpenText,
  Bookmark,
  ChartLine,
  Clapperboard,
  Code,
  Filter,
  LayoutDashboard,
  type LucideIcon,
  Repeat,
  ShieldCheck,
  Split,
  Users,
} from 'lucide-react';

/**
 * The screens of a project, in the rail's order. `bar`: on a phone it stands in the bar, the others under More. `apart`:
 * from here on entries stand at the rail's end.
 */
export const SCREENS = [
  {
    ...{ to: '/projects/$project/replays', name: 'Replays', icon: Clapperboard, bar: true },
    note: 'Visits, newest first',
  },
  {
    ...{ to: '/projects/$project/insights', name: 'Insights', icon: ChartLine, bar: true },
    note: 'Events over time, and their replays',
  },
  {
    ...{ to: '/projects/$project/funnels', name: 'Funnels', icon: Filter, bar: true },
    note: 'Where people drop off, and their replays',
  },
  {
    ...{ to: '/projects/$project/retention', name: 'Retention', icon: Repeat },
    note: 'Who comes back',
  },
  {
    ...{ to: '/projects/$project/flows', name: 'Flows', icon: Split },
    note: 'What people do next, or did before',
  },
  {
    ...{ to: '/projects/$project/users', name: 'Users', icon: Users, bar: true },
    note: 'Who they are and what they did',
  },
  {
    ...{ to: '/projects/$project/boards', name: 'Boards', icon: LayoutDashboard },
    note: 'Reports side by side',
  },
  {
    ...{ to: '/projects/$project/saved', name: 'Saved', icon: Bookmark },
    note: 'Reports and playlists with a name',
  },
  {
    ...{ to: '/projects/$project/lexicon', name: 'Lexicon', icon: BookOpenText, apart: true },
    note: 'What events and properties mean',
  },
  {
    ...{ to: '/projects/$project/privacy', name: 'Privacy', icon: ShieldCheck },
    note: 'Rules, stored replays',
  },
  {
    ...{ to: '/projects/$project/install', name: 'Install', icon: Code },
    note: 'The snippet for your site',
  },
  {
    ...{ to: '/projects/$project/status', name: 'Status', icon: Activity },
    note: 'Stores, backlog, disk',
  },
] as const satisfies readonly {
  to: string;
  name: string;
  icon: LucideIcon;
  note: string;
  bar?: true;
  apart?: true;
}[];
