import {
  Hourglass,
  KeyRound,
  type LucideIcon,
  ScrollText,
  SlidersHorizontal,
  UserX,
  Users,
} from 'lucide-react';

import type { Right } from '../api/types';

/** The sections of the settings, in the list's order. `right`: shown to those who have it. */
export const SECTIONS = [
  { to: '/projects/$project/settings/project', name: 'Project', icon: SlidersHorizontal },
  { to: '/projects/$project/settings/members', name: 'Members', icon: Users, right: 'manage' },
  { to: '/projects/$project/settings/keys', name: 'API keys', icon: KeyRound, right: 'manage' },
  {
    to: '/projects/$project/settings/retention',
    name: 'Retention',
    icon: Hourglass,
    right: 'manage',
  },
  {
    to: '/projects/$project/settings/requests',
    name: 'Deletion & retrieval',
    icon: UserX,
    right: 'delete',
  },
  { to: '/projects/$project/settings/audit', name: 'Audit log', icon: ScrollText, right: 'audit' },
] as const satisfies readonly { to: string; name: string; icon: LucideIcon; right?: Right }[];

export type Section = (typeof SECTIONS)[number];

export const sectionsFor = (rights: readonly Right[]) =>
  SECTIONS.filter((section) => !('right' in section) || rights.includes(section.right));
