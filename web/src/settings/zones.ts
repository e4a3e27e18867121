export interface ZoneGroup {
  region: string;
  zones: { id: string; label: string }[];
}

/** `UTC+01:00`, what a zone's clocks show at a moment. */
export function offsetOf(zone: string, at: Date): string {
  const part = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return part === undefined || /^GMT([+]00:00)?$/.test(part) ? 'UTC' : part.replace('GMT', 'UTC');
}

/** Every zone that the browser knows, by continent, and `also` even if it does not. */
export function zoneGroups(also: string, at: Date): ZoneGroup[] {
  const groups = new Map<string, ZoneGroup>();
  for (const id of new Set(['UTC', also, ...Intl.supportedValuesOf('timeZone')])) {
    const [region, ...rest] = id.split('/');
    const name = rest.join(' / ').replaceAll('_', ' ');
    const under = name === '' ? 'Everywhere' : (region as string);
    let label = name || id;
    try {
      const offset = offsetOf(id, at);
      if (offset !== label) label += ` (${offset})`;
    } catch {
      // A name that the server knows and this browser does not.
    }
    const group = groups.get(under) ?? { region: under, zones: [] };
    group.zones.push({ id, label });
    groups.set(under, group);
  }
  return [...groups.values()];
}
