/**
 * The API of docs/api.md with made-up visits, for `npm run dev` without a server. Project "demo" is full, "empty" gets
 * its first visit after a while, "slow" answers late, "broken" answers with errors. `/?mock=signed-out` shows the page
 * without a session; access.ts says what else `mock=` does.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Plugin } from 'vite';

import { accountApi, keysApi, loginApi, membersApi, projectApi, sessionApi } from './access';
import { type Json, send } from './answer';
import { behindLink, bookmarks, governanceApi, sharingApi } from './governance';
import { boardsApi, lexiconApi, namesApi, savedApi } from './library';
import { peopleApi } from './people';
import { privacyApi, privacyOf, previewApi } from './privacy';
import { type Made, chance, make } from './recording';
import { queriesApi, reportsApi } from './reports';

const PEOPLE = [
  'Ada Lindqvist',
  'Bruno Costa',
  'Chiara Neri',
  null,
  'Dmitri Volkov',
  'Emi Tanaka',
  'Farah Haddad',
  null,
  'Grace Owusu',
  'Hugo Martin',
  'Ines Duarte',
  null,
  'Jonas Weber',
];
const born = Date.now();

interface Row extends Json {
  replay_id: string;
  distinct_id: string;
  person: { distinct_id: string; name: string | null; email: string | null; avatar: null };
  started_at: string;
  duration_ms: number;
}

interface Visit {
  row: Row;
  made: Made;
  start: number;
  end: number;
}

const visits: Visit[] = [];

function visit(i: number, start: number, length: number, extra: Json = {}): Visit {
  const random = chance(i + 99);
  const phone = i % 4 === 2;
  const made = make(i, start, length, phone);
  const end = made.events.at(-1)?.timestamp ?? start;
  const name = PEOPLE[i % PEOPLE.length] ?? null;
  const distinct_id = name
    ? `user-${1000 + (i % PEOPLE.length)}`
    : `$device:${(0x9e3779b97f4a7c15n * BigInt(i + 7)).toString(16).slice(0, 16)}`;
  const count = (kind: string) => made.markers.filter((m) => m.kind === kind).length;
  const sparkline = new Array<number>(32).fill(0);
  for (const at of made.active) {
    const slot = Math.min(31, Math.floor(((at - start) / (end - start)) * 32));
    sparkline[slot] = (sparkline[slot] as number) + 1;
  }
  const hex = (i + 1).toString(16).padStart(12, '0');
  const row = {
    replay_id: `0192f3a0-7c1e-7a52-9b1d-${hex}`,
    distinct_id,
    person: {
      distinct_id,
      name,
      email: name ? `${name.split(' ')[0]?.toLowerCase()}@example.com` : null,
      avatar: null,
    },
    started_at: new Date(start).toISOString(),
    ended_at: new Date(end).toISOString(),
    duration_ms: end - start,
    active_ms: Math.round((end - start) * 0.6),
    start_url: made.pages[0]?.url,
    page_count: made.pages.length,
    event_count: made.events.length,
    click_count: count('click'),
    rage_click_count: count('rage_click'),
    error_count: count('error'),
    browser: ['Chrome', 'Safari', 'Firefox', 'Edge'][Math.floor(random() * 4)],
    os: phone ? 'iOS' : ['Windows', 'Mac OS X', 'Linux'][Math.floor(random() * 3)],
    device: phone ? 'Phone' : 'Desktop',
    size_bytes: made.events.length * 60,
    live: false,
    expires_at: new Date(start + 30 * 86400e3).toISOString(),
    status: 'ready',
    sparkline,
    ...extra,
  };
  return { row, made, start, end };
}

function seed() {
  let start = born - 4 * 60_000;
  for (let i = 0; i < 140; i++) {
    const length = i === 3 ? 45 * 60_000 : 40_000 + chance(i + 5)() * 6 * 60_000;
    const extra =
      i === 6
        ? { status: 'no_full_snapshot' }
        : i === 9
          ? { status: 'expired' }
          : i === 12
            ? { status: 'arriving', live: true }
            : i === 4 || i === 7
              ? { status: 'masking' }
              : {};
    visits.push(visit(i, start - length, length, extra));
    start -= 8 * 60_000 + chance(i)() * 5 * 3600e3;
  }
  // One visit that goes on.
  visits.unshift(visit(500, born - 60_000, 30 * 60_000, { live: true }));
}
seed();

function known(v: Visit): Visit['made']['events'] {
  return v.row['live'] ? v.made.events.filter((e) => e.timestamp <= Date.now()) : v.made.events;
}

function rowOf(v: Visit): Row {
  const row = { ...v.row, bookmarked: bookmarks.has(v.row.replay_id) };
  if (!v.row['live']) return row;
  const events = known(v);
  const end = events.at(-1)?.timestamp ?? v.start;
  return {
    ...row,
    ended_at: new Date(end).toISOString(),
    duration_ms: end - v.start,
    event_count: events.length,
    page_count: v.made.pages.filter((p) => p.at_ms <= end).length,
    click_count: v.made.markers.filter((m) => m.kind === 'click' && m.at_ms <= end).length,
  };
}

const ndjson = (events: unknown[]) => events.map((e) => JSON.stringify(e) + '\n').join('');
const FRAME = 150;

function frames(v: Visit) {
  const events = v.made.events;
  const list = [];
  for (let i = 0; i < events.length; i += FRAME) {
    const part = events.slice(i, i + FRAME);
    list.push({
      n: list.length,
      first_ms: part[0]?.timestamp,
      last_ms: part.at(-1)?.timestamp,
      full_snapshots: part.filter((e) => e.type === 2).map((e) => e.timestamp),
      bytes: 260_000,
      events: part.length,
    });
  }
  return list;
}

async function answer(request: IncomingMessage, response: ServerResponse, next: () => void) {
  const url = new URL(request.url ?? '/', 'http://mock');
  const parts = url.pathname.split('/').filter(Boolean);
  if (parts[0] !== 'api') return next();
  if (url.pathname === '/api/session') return sessionApi(request, response);
  if (parts[1] === 'login') return void loginApi(request, response);
  if (parts[1] === 'logout') {
    response.setHeader('Set-Cookie', 'mock-session=; Path=/; Max-Age=0');
    return send(response, 204, '', 'text/plain');
  }
  if (parts[1] === 'account') return void accountApi(request, response, url, parts);
  if (url.pathname === '/api/status') {
    return send(response, 200, {
      ok: true,
      stores: ['journal', 'analytics', 'blobs', 'control'].map((name) => ({
        name,
        ok: name !== 'blobs',
        message:
          name === 'blobs' ? 'No space left on device. Free some, or move the folder.' : null,
        url: `${name}:///data`,
        region: '',
      })),
      journal: { items: 12, bytes: 48211, lag_ms: 140, dead_letters: 0 },
      disk: { free_bytes: 61e9, total_bytes: 250e9 },
    });
  }
  if (parts[1] === 'shared') {
    const link = behindLink(parts[2] ?? '');
    if (!link)
      return send(response, 404, {
        error: { code: 'unknown_link', message: 'This link leads nowhere.' },
      });
    const host = (request.headers.host ?? '').replace('127.0.0.1', 'localhost');
    const kept = { link_expires_at: link.link_expires_at, replay_origin: `http://${host}` };
    return replayApi(request, response, url, link.replay_id, parts.slice(3), kept);
  }
  const project = parts[2];
  if (project === 'slow')
    return void setTimeout(
      () => send(response, 200, { results: [], next_cursor: null, total: 0 }),
      60_000,
    );
  if (project === 'broken')
    return send(response, 503, {
      error: { code: 'store_down', message: 'The analytics store does not answer.' },
    });
  if (parts[3] === 'privacy') return privacyApi(request, response, parts, visits.length);
  const seen = () => (project === 'empty' ? [] : visits.map(rowOf));
  switch (parts[3]) {
    case undefined:
    case 'token':
      return void projectApi(request, response, parts);
    case 'members':
      return void membersApi(request, response, parts);
    case 'keys':
      return void keysApi(request, response, parts);
    case 'events':
      return namesApi(response, url, parts);
    case 'reports':
      return reportsApi(request, response, url, parts, seen());
    case 'queries':
      return queriesApi(request, response, parts[4] ?? '');
    case 'people':
      return peopleApi(response, url, parts, seen());
    case 'saved-reports':
      return savedApi(request, response, url, parts);
    case 'boards':
      return boardsApi(request, response, url, parts);
    case 'lexicon':
      return lexiconApi(request, response, url, parts);
    case 'retention':
    case 'deletions':
    case 'retrievals':
    case 'audit':
      return governanceApi(request, response, url, parts, seen());
    case 'replays':
      break;
    default:
      return send(response, 404, { error: { code: 'not_found', message: 'No such path.' } });
  }
  let mine = visits;
  if (project === 'empty') mine = Date.now() - born > 90_000 ? visits.slice(0, 1) : [];
  if (!parts[4]) {
    const q = url.searchParams.get('q')?.toLowerCase();
    let rows: Record<string, unknown>[] = mine.map(rowOf);
    if (q) rows = rows.filter((r) => JSON.stringify(r['person']).toLowerCase().includes(q));
    for (const flag of ['has_error', 'has_rage_click', 'live', 'bookmarked']) {
      if (url.searchParams.get(flag) !== 'true') continue;
      const field = { has_error: 'error_count', has_rage_click: 'rage_click_count' }[flag] ?? flag;
      rows = rows.filter((r) => Boolean(r[field]));
    }
    const device = url.searchParams.get('device');
    if (device) rows = rows.filter((r) => r['device'] === device);
    const field = { recency: 'started_at', duration: 'duration_ms', activity: 'active_ms' }[
      url.searchParams.get('sort') ?? 'recency'
    ] as string;
    rows.sort((a, b) => ((a[field] as number) < (b[field] as number) ? 1 : -1));
    if (url.searchParams.get('order') === 'asc') rows.reverse();
    const offset = Number(url.searchParams.get('cursor') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? 50);
    const more = offset + limit < rows.length;
    return void setTimeout(
      () =>
        send(response, 200, {
          results: rows.slice(offset, offset + limit),
          next_cursor: more ? String(offset + limit) : null,
          total: rows.length,
        }),
      120,
    );
  }
  if (await sharingApi(request, response, parts)) return;
  return replayApi(request, response, url, parts[4], parts.slice(5), null);
}

/** A replay; with `shared`, what its share link adds, and without whose visit it was. */
function replayApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  id: string,
  rest: string[],
  shared: Json | null,
) {
  const v = visits.find((one) => one.row['replay_id'] === id);
  if (!v)
    return send(response, 404, {
      error: { code: 'unknown_replay', message: 'There is no such replay.' },
    });
  if (request.method === 'DELETE') {
    visits.splice(visits.indexOf(v), 1);
    return send(response, 204, '', 'text/plain');
  }
  if (v.row['status'] === 'expired')
    return send(response, 410, {
      error: { code: 'replay_expired', message: 'This replay expired.' },
    });
  if (v.row['status'] === 'masking') {
    // The first is masked about a minute after the start; the second can't be.
    if (v === visits[5] && Date.now() - born > 75_000) v.row['status'] = 'ready';
    else if (rest[0])
      return send(response, 409, {
        error:
          v === visits[5]
            ? { code: 'replay_masking', message: 'The rules are being applied to this replay.' }
            : {
                code: 'replay_masking_failed',
                message:
                  'The project’s rules could not be applied to this replay, so it can’t be watched: part 3 of 9 is damaged.',
              },
      });
  }
  const events = known(v);
  const last = events.at(-1)?.timestamp ?? v.start;
  const live = Boolean(v.row['live']);
  switch (rest[0]) {
    case undefined: {
      const counts = new Map<number, number>();
      for (const at of v.made.active)
        if (at <= last)
          counts.set(
            Math.floor(at / 1000) * 1000,
            (counts.get(Math.floor(at / 1000) * 1000) ?? 0) + 1,
          );
      return send(response, 200, {
        ...rowOf(v),
        ...(shared ? { ...shared, distinct_id: undefined, person: undefined } : {}),
        first_ms: v.start,
        last_ms: last,
        pages: v.made.pages.filter((p) => p.at_ms <= last),
        markers: v.made.markers.filter((m) => m.at_ms <= last),
        activity: {
          bucket_ms: 1000,
          counts: [...counts],
          inactive: v.made.inactive.filter(([, to]) => to <= last),
        },
        viewport: v.made.viewport,
        mask: privacyOf(v.made.masked, id).mode,
        library: { name: 'playhead', version: '0.1.0' },
        privacy: privacyOf(v.made.masked, id),
        gaps: [],
        watch_url: `http://${request.headers.host}/projects/demo/replays/${id}`,
      });
    }
    case 'index':
      return send(response, 200, {
        replay_id: id,
        status: v.row['status'],
        live,
        generation: live ? null : 1,
        first_ms: v.start,
        last_ms: last,
        frames: live ? [] : frames(v),
        hot: live
          ? [
              {
                block_id: `b${Math.floor(Date.now() / 5000)}`,
                first_ms: Math.max(v.start, last - 5000),
                last_ms: last,
                full_snapshot: false,
                bytes: 4000,
              },
            ]
          : [],
      });
    case 'frames':
      return send(
        response,
        200,
        ndjson(v.made.events.slice(Number(rest[2]) * FRAME, Number(rest[2]) * FRAME + FRAME)),
        'application/x-ndjson',
      );
    case 'events': {
      const from = Number(url.searchParams.get('from') ?? -1);
      const to = Number(url.searchParams.get('to') ?? Infinity);
      let start = 0;
      if (url.searchParams.get('snapshot') === 'false')
        start = events.findIndex((e) => e.timestamp > from);
      else if (from > 0)
        start = Math.max(
          0,
          events.findLastIndex((e) => e.type === 4 && e.timestamp <= from),
        );
      return send(
        response,
        200,
        start < 0 ? '' : ndjson(events.slice(start).filter((e) => e.timestamp <= to)),
        'application/x-ndjson',
      );
    }
    case 'preview':
      return previewApi(request, response, events, rest[1] === 'events');
    case 'watching':
      return send(response, 204, '', 'text/plain');
    default:
      return send(response, 404, { error: { code: 'not_found', message: 'No such path.' } });
  }
}

/** The headers that the server sends with the two documents; `npm run preview` shows that the build lives with them. */
const DASHBOARD_CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; frame-src http://localhost:*; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const PLAYER_CSP =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline' * data: blob:; img-src * data: blob:; font-src * data:; " +
  'media-src * data: blob:; frame-ancestors http://127.0.0.1:*';

function headers(request: IncomingMessage, response: ServerResponse, next: () => void) {
  const player = (request.url ?? '').startsWith('/player/');
  response.setHeader('Content-Security-Policy', player ? PLAYER_CSP : DASHBOARD_CSP);
  response.setHeader('Referrer-Policy', 'no-referrer');
  next();
}

export function mockApi(): Plugin {
  return {
    name: 'mock-api',
    configureServer(server) {
      server.middlewares.use((...all) => void answer(...all));
    },
    configurePreviewServer(server) {
      server.middlewares.use(headers);
      server.middlewares.use((...all) => void answer(...all));
    },
  };
}
