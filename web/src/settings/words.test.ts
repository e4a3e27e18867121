import { describe, expect, it } from 'vitest';

import type { Member } from '../api/access';
import type { Role } from '../api/types';
import { expiry, expiryText, initials, whyFixed } from './words';

// Noon, wherever this runs: days are written as they are there.
const NOW = new Date(2026, 10, 24, 12).getTime();
const DAY = 86_400_000;
const in_days = (days: number) => new Date(NOW + days * DAY).toISOString();

const member = (role: Role, member_id: string, is_operator = false): Member => ({
  ...{ member_id, name: member_id, email: null, role, unmasked: false, totp: false },
  ...{ last_seen_at: null, is_operator },
});

describe('when a key ends', () => {
  it('is told as far, near and past', () => {
    expect(expiryText(null, NOW)).toEqual(['never expires', 'far']);
    expect(expiryText(in_days(30), NOW)).toEqual(['expires on 24 Dec 2026', 'far']);
    expect(expiryText(in_days(3), NOW)).toEqual(['expires on 27 Nov 2026', 'near']);
    expect(expiryText(in_days(-3), NOW)).toEqual(['expired on 21 Nov 2026', 'past']);
  });

  it('is sent as a time, or not at all for a key that stays', () => {
    expect(expiry(30, NOW)).toBe(in_days(30));
    expect(expiry(0, NOW)).toBeUndefined();
  });
});

describe('whose role stays as it is', () => {
  const owner = member('owner', 'ada');
  const analyst = member('analyst', 'ben');

  it('is the only owner’s', () => {
    expect(whyFixed(owner, [owner, analyst], ['manage', 'own'])).toMatch(/only owner/);
    expect(whyFixed(owner, [owner, member('owner', 'eve')], ['manage', 'own'])).toBeNull();
  });

  it('is an owner’s, to an admin', () => {
    expect(whyFixed(owner, [owner, member('owner', 'eve')], ['manage'])).toMatch(/another owner/);
    expect(whyFixed(analyst, [owner, analyst], ['manage'])).toBeNull();
  });

  it('is that of whoever runs the server', () => {
    const operator = member('owner', 'eve', true);
    expect(whyFixed(operator, [owner, operator], ['manage', 'own'])).toMatch(/Runs this server/);
  });
});

describe('initials', () => {
  it('are of the first and last name, or of the address', () => {
    expect(initials('Emma van der Lind')).toBe('EL');
    expect(initials('emma@shop.example')).toBe('EM');
    expect(initials('Åsa')).toBe('ÅS');
  });
});
