import type { Right, Role } from '../api/types';

/** The roles, highest first, in words. */
export const ROLES: Record<Role, { name: string; a: string; may: string }> = {
  owner: {
    name: 'Owner',
    a: 'an owner',
    may: 'everything, deleting the project and naming owners too.',
  },
  admin: {
    name: 'Admin',
    a: 'an admin',
    may: 'everything but deleting the project and naming owners.',
  },
  analyst: {
    name: 'Analyst',
    a: 'an analyst',
    may: 'watches replays, asks and saves reports, exports and shares.',
  },
  viewer: {
    name: 'Viewer',
    a: 'a viewer',
    may: 'watches only the replays that were shared with them.',
  },
};

/** Only owners make owners. */
export const rolesToGive = (rights: readonly Right[]): Role[] =>
  (Object.keys(ROLES) as Role[]).filter((role) => role !== 'owner' || rights.includes('own'));
