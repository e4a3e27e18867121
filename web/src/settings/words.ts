import type { Member, Scope } from '../api/access';
import type { Right } from '../api/types';

const DAY = 86_400_000;

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

export const SCOPES: Record<Scope, { name: string; may: string }> = {
  ingest: { name: 'Ingest', may: 'Sends events to /import.' },
  read: { name: 'Read', may: 'Reads replays, reports and people, and exports events.' },
  manage: {
    name: 'Manage',
    may: 'Everything an admin may do: deletes data, changes rules, members and keys.',
  },
};

/** The choices of how long a key lives, in days; 0: for good. */
export const LIFETIMES: [days: number, name: string][] = [
  [30, '30 days'],
  [90, '90 days'],
  [365, '1 year'],
  [0, 'Until it is revoked'],
];

/** When a key made now ends, as the API takes it. */
export const expiry = (days: number, now: number) =>
  days === 0 ? undefined : new Date(now + days * DAY).toISOString();

/** `Never expires`, `Expires on 3 Mar 2027`, `Expired on 1 Nov 2026`, and whether that is near or past. */
export function expiryText(
  expires_at: string | null,
  now: number,
): [string, 'far' | 'near' | 'past'] {
  if (expires_at === null) return ['never expires', 'far'];
  const left = Date.parse(expires_at) - now;
  const day = date.format(new Date(expires_at));
  if (left <= 0) return [`expired on ${day}`, 'past'];
  return [`expires on ${day}`, left < 7 * DAY ? 'near' : 'far'];
}

/** Why a member's role can't be changed here; null when it can. */
export function whyFixed(
  member: Member,
  members: readonly Member[],
  rights: readonly Right[],
): string | null {
  if (member.is_operator) return 'Runs this server, so is an owner of every project.';
  if (member.role !== 'owner') return null;
  if (!rights.includes('own')) return 'Only an owner changes another owner.';
  const owners = members.filter((one) => one.role === 'owner').length;
  return owners === 1 ? 'The only owner. Make someone else an owner first.' : null;
}

/** `EL` for Emma Lind, `EM` for emma@…. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const letters =
    words.length > 1
      ? [words[0], words.at(-1)].map((word) => [...(word ?? '')][0])
      : [...name].slice(0, 2);
  return letters.join('').toUpperCase();
}
