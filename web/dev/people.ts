/** The made-up shop's people: their list, profiles and events. */
import type { ServerResponse } from 'node:http';

import { type Json, luck, page, refuse, send } from './answer';
import { DAY, EVENTS, properties } from './world';

interface Row extends Json {
  replay_id: string;
  started_at: string;
  duration_ms: number;
  distinct_id: string;
  person: Json & { distinct_id: string; name: string | null; email: string | null };
}

function profile(person: Row['person'], replays: Row[]): Json {
  const id = person.distinct_id;
  const lucky = (what: string) => luck(id, what);
  const last = replays[0]?.started_at ?? new Date().toISOString();
  return {
    ...person,
    properties: person.name
      ? {
          ...{ $name: person.name, $email: person.email },
          $city: ['Gothenburg', 'Lisbon', 'Turin', 'Osaka'][Math.floor(lucky('city') * 4)],
          plan: ['Free', 'Pro', 'Studio'][Math.floor(lucky('plan') * 3)],
          orders: Math.floor(lucky('orders') * 8),
          newsletter: lucky('news') < 0.5,
          favourites: ['Mugs', 'Vases'],
          last_order: { id: 'ORD-2231', total: 58 },
        }
      : { $city: 'Lisbon' },
    first_seen: new Date(Date.parse(last) - (1 + lucky('first') * 40) * DAY).toISOString(),
    last_seen: last,
  };
}

export function peopleApi(response: ServerResponse, url: URL, parts: string[], rows: Row[]) {
  const everyone = new Map<string, Row[]>();
  for (const row of rows)
    everyone.set(row.distinct_id, [...(everyone.get(row.distinct_id) ?? []), row]);
  if (!parts[4]) {
    const q = url.searchParams.get('q')?.toLowerCase() ?? '';
    const sort = url.searchParams.get('sort') ?? 'last_seen';
    const way = url.searchParams.get('order') === 'asc' ? 1 : -1;
    const of = (person: Json) =>
      person[sort] ?? (person['properties'] as Json)[sort] ?? (way > 0 ? '\uffff' : '');
    const filters = JSON.parse(url.searchParams.get('filters') ?? '[]') as unknown[];
    const found = [...everyone.values()]
      .map((theirs) => profile((theirs[0] as Row).person, theirs))
      .filter((one) => JSON.stringify(one).toLowerCase().includes(q))
      .filter((one) => filters.length === 0 || luck(one['distinct_id'], url.search) < 0.5)
      .sort((a, b) => ((of(a) as string) < (of(b) as string) ? -way : way));
    return void setTimeout(() => send(response, 200, page(found, url)), 120);
  }
  const id = decodeURIComponent(parts[4]);
  const theirs = everyone.get(id) ?? [];
  const [newest] = theirs;
  if (!newest) return refuse(response, 404, 'unknown_person', 'There is no such person.');
  if (parts[5] === 'replays') return send(response, 200, page(theirs, url));
  const events = theirs.flatMap((row, i) =>
    Array.from({ length: 7 }, (_, n) => {
      const event = EVENTS[Math.floor(luck(row.replay_id, n) ** 2 * EVENTS.length)]?.[0] ?? '';
      const at_ms = Date.parse(row.started_at) + Math.round((row.duration_ms * (7 - n)) / 8);
      return {
        ...{ event, time: new Date(at_ms).toISOString(), distinct_id: id },
        ...{ insert_id: `${i}-${n}`, properties: properties(event, `${row.replay_id}${n}`) },
        ...(n === 6 ? { replay_id: null, at_ms: null } : { replay_id: row.replay_id, at_ms }),
      };
    }),
  );
  if (parts[5] === 'events') {
    const only = url.searchParams.getAll('event');
    const from = url.searchParams.get('from') ?? '';
    const to = url.searchParams.get('to') ?? '9';
    return send(
      response,
      200,
      page(
        events.filter(
          ({ event, time }) =>
            (only.length === 0 || only.includes(event)) &&
            time.slice(0, from.length) >= from &&
            time.slice(0, to.length) <= to,
        ),
        url,
        100,
      ),
    );
  }
  send(response, 200, {
    ...profile(newest.person, theirs),
    distinct_ids: [id, `$device:${luck(id).toString(16).slice(2, 14)}`],
    event_count: events.length,
    replay_count: theirs.length,
  });
}
