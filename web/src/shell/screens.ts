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
  Settings,
  ShieldCheck,
  Split,
  Users,
} from 'lucide-react';

import type { Right } from '../api/types';

/**
 * The screens of a project, in the rail's order. `bar`: on a phone it stands in the bar, the others under More. `apart`:
 * it stands at the rail's end. `right`: shown to those who have it.
 */
export const SCREENS = [
  {
    ...{ to: '/projects/$project/replays', name: 'Replays', icon: Clapperboard, bar: true },
    note: 'Visits, newest first',
  },
  {
    ...{
      to: '/projects/$project/insights',
      name: 'Insights',
      icon: ChartLine,
      bar: true,
      right: 'report',
    },
    note: 'Events over time, and their replays',
  },
  {
    ...{
      to: '/projects/$project/funnels',
      name: 'Funnels',
      icon: Filter,
      bar: true,
      right: 'report',
    },
    note: 'Where people drop off, and their replays',
  },
  {
    ...{ to: '/projects/$project/retention', name: 'Retention', icon: Repeat, right: 'report' },
    note: 'Who comes back',
  },
  {
    ...{ to: '/projects/$project/flows', name: 'Flows', icon: Split, right: 'report' },
    note: 'What people do next, or did before',
  },
  {
    ...{ to: '/projects/$project/users', name: 'Users', icon: Users, bar: true, right: 'report' },
    note: 'Who they are and what they did',
  },
  {
    ...{ to: '/projects/$project/boards', name: 'Boards', icon: LayoutDashboard, right: 'report' },
    note: 'Reports side by side',
  },
  {
    ...{ to: '/projects/$project/saved', name: 'Saved', icon: Bookmark, right: 'report' },
    note: 'Reports and playlists with a name',
  },
  {
    ...{
      to: '/projects/$project/lexicon',
      name: 'Lexicon',
      icon: BookOpenText,
      apart: true,
      right: 'report',
    },
    note: 'What events and properties mean',
  },
  {
    ...{
      to: '/projects/$project/privacy',
      name: 'Privacy',
      icon: ShieldCheck,
      apart: true,
      right: 'privacy',
    },
    note: 'Rules, stored replays',
  },
  {
    ...{
      to: '/projects/$project/install',
      name: 'Install',
      icon: Code,
      apart: true,
      right: 'manage',
    },
    note: 'The snippet for your site',
  },
  {
    ...{ to: '/projects/$project/settings', name: 'Settings', icon: Settings, apart: true },
    note: 'Members, keys, what is kept and deleted',
  },
  {
    ...{ to: '/projects/$project/status', name: 'Status', icon: Activity, apart: true },
    note: 'Stores, backlog, disk',
  },
] as const satisfies readonly {
  to: string;
  name: string;
  icon: LucideIcon;
  note: string;
  bar?: true;
  right?: Right;
  apart?: true;
}[];

export type Screen = (typeof SCREENS)[number];

/** The screens that a role has something on. */
export const screensFor = (rights: readonly Right[]) =>
  SCREENS.filter((screen) => !('right' in screen) || rights.includes(screen.right));

/** The screen at an address that a role has nothing on; undefined when there is none such. */
export function deniedAt(path: string, project: { project_id: string; rights: readonly Right[] }) {
  const shown = screensFor(project.rights);
  return SCREENS.find(
    (screen) =>
      !shown.includes(screen) &&
      `${path}/`.startsWith(`${screen.to.replace('$project', project.project_id)}/`),
  );
}
