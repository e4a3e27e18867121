/** Numbers, durations and times as people read them. The exact value goes into a `title`. */

/** `1:23`, `1:02:03`. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
    : `${minutes}:${seconds}`;
}

/** `48 s`, `4 min`, `1 h 2 min`. */
export function spell(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ''}`;
}

/** `812`, `12.4 k`, `3.1 M`. */
export function count(value: number): string {
  if (value < 10_000) return value.toLocaleString('en');
  const [scaled, unit] = value < 1_000_000 ? [value / 1000, 'k'] : [value / 1_000_000, 'M'];
  return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toFixed(1))} ${unit}`;
}

/** `1 page`, `5 pages`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `now`, `4 min`, `3 h`, `2 d`, `14 Nov`. */
export function ago(time: string | number, now: number): string {
  const then = new Date(time);
  const seconds = (now - then.getTime()) / 1000;
  if (seconds < 45) return 'now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`;
  if (seconds < 7 * 86_400) return `${Math.round(seconds / 86_400)} d`;
  const sameYear = then.getFullYear() === new Date(now).getFullYear();
  return then.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  });
}

/** The same in a sentence: `just now`, `4 min ago`, `on 14 Nov`. */
export function when(time: string | number, now: number): string {
  const text = ago(time, now);
  if (text === 'now') return 'just now';
  return now - new Date(time).getTime() < 7 * 86_400_000 ? `${text} ago` : `on ${text}`;
}

/** The SDK's own property names, as people call them: `$browser_version` is `Browser version`. */
export function propertyName(name: string): string {
  if (!name.startsWith('$')) return name;
  const words = name.slice(1).replaceAll('_', ' ').trim();
  if (words === 'os') return 'OS';
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function exact(time: string | number): string {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** The same to be read in a sentence: without the seconds. */
export function moment(time: string | number): string {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** The path of an address, which is what tells pages apart; the whole of it when it is no address. */
export function path(url: string): string {
  try {
    const parsed = new URL(url);
    return parsed.pathname + parsed.search + parsed.hash;
  } catch {
    return url;
  }
}

export function personLabel(person: {
  distinct_id: string;
  name: string | null;
  email: string | null;
}): string {
  if (person.name) return person.name;
  if (person.email) return person.email;
  const device = /^\$device:(.+)$/.exec(person.distinct_id)?.[1];
  if (device) return `Visitor ${device.slice(0, 6)}`;
  return person.distinct_id || 'Unknown visitor';
}
