import { describe, expect, it } from 'vitest';

import { offsetOf, zoneGroups } from './zones';

const WINTER = new Date('2026-01-15T12:00:00Z');

describe('time zones', () => {
  it('are told with what their clocks show', () => {
    expect(offsetOf('UTC', WINTER)).toBe('UTC');
    expect(offsetOf('Europe/Berlin', WINTER)).toBe('UTC+01:00');
    expect(offsetOf('Asia/Kolkata', WINTER)).toBe('UTC+05:30');
    expect(offsetOf('America/New_York', WINTER)).toBe('UTC-05:00');
  });

  it('stand by continent, each once', () => {
    const groups = zoneGroups('Europe/Berlin', WINTER);
    const ids = groups.flatMap((group) => group.zones.map((zone) => zone.id));
    expect(groups[0]?.zones[0]).toEqual({ id: 'UTC', label: 'UTC' });
    expect(new Set(ids).size).toBe(ids.length);
    const europe = groups.find((group) => group.region === 'Europe');
    expect(europe?.zones).toContainEqual({ id: 'Europe/Berlin', label: 'Berlin (UTC+01:00)' });
    const america = groups.find((group) => group.region === 'America');
    expect(america?.zones.map((zone) => zone.label)).toContain('New York (UTC-05:00)');
  });

  it('keep one that only the server knows', () => {
    const groups = zoneGroups('Mars/Olympus_Mons', WINTER);
    expect(groups.find((group) => group.region === 'Mars')?.zones).toEqual([
      { id: 'Mars/Olympus_Mons', label: 'Olympus Mons' },
    ]);
  });
});
