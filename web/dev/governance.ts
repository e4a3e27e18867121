/** What the made-up API keeps for how long, deletes, hands out, notes down and shares. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Json, bodyOf, luck, page, refuse, send } from './answer';
import { DAY } from './world';

const born = Date.now();
const ago = (ms: number) => new Date(born - ms).toISOString();
const MINUTE = 60_000;
let made = 0;
const uuid = (group: number) =>
  `0192f3a0-0000-7000-${group}-${(++made).toString(16).padStart(12, '0')}`;

interface Row extends Json {
  replay_id: string;
  distinct_id: string;
  started_at: string;
}

// ---- how long things are kept ----

let kept: Json = { replay_days: 30, event_days: null, bookmark_days: null };
const REPLAYS = 48_210;
const EVENTS = 2_904_112;

async function retentionApi(request: IncomingMessage, response: ServerResponse, parts: string[]) {
  const empty = parts[2] === 'empty';
  const now = () => ({
    ...kept,
    replays: empty ? { count: 0, oldest_at: null } : { count: REPLAYS, oldest_at: ago(29.6 * DAY) },
    events: empty ? { count: 0, oldest_at: null } : { count: EVENTS, oldest_at: ago(412 * DAY) },
  });
  if (request.method === 'GET') return send(response, 200, now());
  const asked = { ...kept, ...(await bodyOf(request)) };
  const days = asked['replay_days'] as number;
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    return refuse(
      response,
      400,
      'bad_retention',
      'replay_days must be a whole number from 1 to 3,650.',
    );
  if (request.method === 'PUT') {
    kept = asked;
    return send(response, 200, now());
  }
  const events = asked['event_days'] as number | null;
  const replays = empty || days >= 30 ? 0 : Math.round((REPLAYS * (30 - days)) / 30);
  const old =
    empty || events === null || events >= 412 ? 0 : Math.round(EVENTS * (1 - events / 412));
  const said = [
    replays > 0 && `${replays.toLocaleString('en')} replays older than ${days} days`,
    old > 0 && `${old.toLocaleString('en')} events older than ${events} days`,
  ].filter(Boolean);
  setTimeout(
    () =>
      send(response, 200, {
        replays_to_delete: replays,
        events_to_delete: old,
        at: new Date(Date.now() + 5 * 3600e3).toISOString(),
        message:
          said.length > 0
            ? `${said.join(' and ')} will be deleted tonight.`
            : 'Nothing is deleted.',
      }),
    200,
  );
}

// ---- deletions and retrievals ----

interface Asked extends Json {
  request_id: string;
  kind: string;
  created: number;
  cancelled: boolean;
  total: number;
}

const RECEIPT = [
  { store: 'analytics', what: 'events', count: 341 },
  { store: 'analytics', what: 'profiles', count: 1 },
  { store: 'analytics', what: 'identities', count: 3 },
  { store: 'blobs', what: 'recordings', count: 12 },
  { store: 'blobs', what: 'segments rewritten', count: 4 },
  { store: 'journal', what: 'batches not yet delivered', count: 2 },
  { store: 'control', what: 'replays', count: 12 },
  { store: 'control', what: 'share links', count: 1 },
];

function asked(kind: string, what: string, subject_text: string, before: number, extra: Json = {}) {
  return {
    ...{ request_id: uuid(8000), kind, what, subject_text, requested_by: 'Emi Tanaka' },
    ...{ compliance_type: 'GDPR', created: born - before, cancelled: false, total: 12 },
    ...extra,
  } satisfies Asked;
}

let requests: Asked[] = [
  asked('retrieval', 'person', '1 person', 3 * MINUTE),
  asked('deletion', 'person', '1 person', 2 * 3600e3),
  asked('deletion', 'person', '3 people', 26 * 3600e3, { dirty: true }),
  asked('deletion', 'stretch', '13 s of a replay', 2 * DAY, { requested_by: 'Owner' }),
  asked('retrieval', 'person', '2 people', 9 * DAY, { old: true }),
  asked('deletion', 'replays', '4 replays', 11 * DAY, { cancelled: true }),
  asked('deletion', 'property', 'the property “phone” of events', 12 * DAY, {
    requested_by: 'API key',
  }),
  asked('deletion', 'event', 'the event “debug_ping”', 19 * DAY, {
    failed: 'The analytics store did not answer for 10 minutes. Ask again when it does.',
  }),
];

const WAITS_MS = 10_000;
const RUNS_MS = 9_000;

function requestOf(one: Asked, project: string): Json {
  const { created, cancelled, total, dirty, failed, old, checked, ...told } = one;
  const spent = Date.now() - created - (one.kind === 'deletion' ? WAITS_MS : 1_500);
  const state = cancelled
    ? 'cancelled'
    : spent < 0
      ? 'waiting'
      : failed
        ? 'failed'
        : spent < RUNS_MS
          ? 'running'
          : 'done';
  const at = (ms: number) => new Date(created + ms).toISOString();
  const left = dirty && !checked ? [{ store: 'blobs', what: 'recordings', count: 1 }] : [];
  const retrieved = one.kind === 'retrieval' && state === 'done' && !old;
  return {
    ...told,
    ...{ state, total, error: failed ?? '', created_at: new Date(created).toISOString() },
    done: state === 'done' ? total : Math.max(0, Math.floor((spent / RUNS_MS) * total)),
    started_at: state === 'waiting' || cancelled ? null : at(WAITS_MS),
    finished_at:
      state === 'done' || state === 'failed' || cancelled ? at(WAITS_MS + RUNS_MS) : null,
    receipt:
      one.kind === 'deletion' && state === 'done'
        ? {
            removed: one['what'] === 'stretch' ? RECEIPT.slice(3, 5) : RECEIPT,
            checked_at: checked ?? at(WAITS_MS + RUNS_MS),
            clean: left.length === 0,
            left,
          }
        : null,
    download_url: retrieved
      ? `/api/projects/${project}/retrievals/${one.request_id}/download`
      : null,
    expires_at: one.kind === 'retrieval' && state === 'done' ? at(7 * DAY) : null,
  };
}

const listed = (kind: string, project: string) =>
  requests
    .filter((one) => one.kind === kind)
    .toSorted((a, b) => b.created - a.created)
    .map((one) => requestOf(one, project));

function nouns(target: Json): string {
  const ids = (target['distinct_ids'] ?? target['replay_ids'] ?? []) as string[];
  switch (target['what'] ?? 'person') {
    case 'person':
      return ids.length === 1 ? '1 person' : `${ids.length} people`;
    case 'replays':
      return ids.length === 1 ? '1 replay' : `${ids.length} replays`;
    case 'stretch':
      return 'a stretch of a replay';
    case 'event':
      return `the event “${target['event'] as string}”`;
    default:
      return `the property “${target['property'] as string}” of ${target['of'] as string}s`;
  }
}

function previewOf(target: Json, rows: Row[]): Json {
  const ids = (target['distinct_ids'] ?? target['replay_ids'] ?? []) as string[];
  const none = { people: 0, replays: 0, events: 0, profiles: 0 };
  switch (target['what']) {
    case 'person': {
      const known = ids.filter((id) => rows.some((row) => row.distinct_id === id));
      const replays = rows.filter((row) => ids.includes(row.distinct_id)).length;
      return {
        ...{ people: known.length, replays, events: replays * 7, profiles: known.length },
        message:
          known.length === 0
            ? 'Nobody is known by these ids. What arrives under them within the next hour is refused.'
            : '',
      };
    }
    case 'replays':
      return { ...none, replays: ids.length, message: '' };
    case 'stretch':
      return { ...none, replays: 1, message: '214 rrweb events and 3 markers are removed.' };
    case 'event':
      return { ...none, events: Math.round(luck(target['event']) * 9_000), message: '' };
    default:
      return { ...none, events: 81_402, message: 'The events stay, without the property.' };
  }
}

export async function requestsApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
  rows: Row[],
) {
  const kind = (parts[3] ?? '').slice(0, -1);
  const project = parts[2] ?? '';
  if (!parts[4] && request.method === 'GET')
    return send(response, 200, page(project === 'empty' ? [] : listed(kind, project), url));
  if (parts[4] === 'preview')
    return void setTimeout(
      (target: Json) => send(response, 200, previewOf(target, rows)),
      250,
      await bodyOf(request),
    );
  if (!parts[4]) {
    const target = await bodyOf(request);
    const one: Asked = {
      ...asked(kind, (target['what'] as string | undefined) ?? 'person', nouns(target), 0),
      ...{ created: Date.now(), requested_by: 'Owner' },
    };
    requests = [one, ...requests];
    return send(response, 201, requestOf(one, project));
  }
  const one = requests.find((known) => known.request_id === parts[4]);
  if (!one) return refuse(response, 404, 'unknown_request', 'There is no such request.');
  if (parts[5] === 'download') {
    response.setHeader('Content-Disposition', 'attachment; filename="retrieval.zip"');
    return send(response, 200, 'PK', 'application/zip');
  }
  if (parts[5] === 'check') {
    one['checked'] = new Date().toISOString();
    return void setTimeout(() => send(response, 200, requestOf(one, project)), 900);
  }
  if (request.method === 'DELETE') {
    if (requestOf(one, project)['state'] !== 'waiting')
      return refuse(response, 409, 'started', 'It has started and can’t be cancelled any more.');
    one.cancelled = true;
    return send(response, 204, '', 'text/plain');
  }
  send(response, 200, requestOf(one, project));
}

// ---- the audit log ----

const PEOPLE = [
  { kind: 'member', id: 'm1', name: 'Owner' },
  { kind: 'member', id: 'm2', name: 'Emi Tanaka' },
  { kind: 'member', id: 'm3', name: 'Jonas Weber' },
  { kind: 'key', id: 'k1', name: 'Nightly export' },
  { kind: 'link', id: '', name: 'A share link' },
  { kind: 'system', id: '', name: 'Playhead' },
];

/** Action, object, sentence, and who of `PEOPLE` did it. */
const DEEDS: [string, string, string, number][] = [
  ['replay.watched', 'replay', 'watched the replay {id}.', 1],
  ['replay.watched', 'replay', 'watched the replay {id}.', 2],
  ['replay.shared', 'replay', 'shared the replay {id} (hours 72).', 1],
  ['replay.watched', 'replay', 'watched the replay {id}.', 4],
  ['deletion.requested', 'request', 'asked for the deletion {id} (what person).', 1],
  ['deletion.finished', 'request', 'finished the deletion {id} (events 341, replays 12).', 5],
  ['events.exported', '', 'exported events (from 2026-11-01, to 2026-11-22).', 3],
  ['rule.created', 'rule', 'made a privacy rule (kind pattern).', 0],
  ['retention.changed', '', 'changed how long data is kept (replay days from 90 to 30).', 0],
  ['member.invited', 'member', 'invited Jonas Weber (role analyst).', 0],
  ['member.logged_in', 'member', 'logged in (method password).', 2],
  ['replay.bookmarked', 'replay', 'bookmarked the replay {id}.', 2],
  ['member.role_changed', 'member', 'changed the role of Emi Tanaka (from analyst to admin).', 0],
  ['replay.share_revoked', 'replay', 'stopped sharing the replay {id}.', 1],
  ['member.login_failed', 'member', 'failed to log in.', 2],
];

const log: Json[] = Array.from({ length: 260 }, (_, i) => {
  const [action, object_kind, said, who] = DEEDS[
    Math.floor(luck('deed', i) * DEEDS.length)
  ] as (typeof DEEDS)[number];
  const actor = PEOPLE[who] as (typeof PEOPLE)[number];
  const hex = (Math.floor(luck('replay', i) * 100) + 1).toString(16).padStart(12, '0');
  const object_id =
    object_kind === 'replay'
      ? `0192f3a0-7c1e-7a52-9b1d-${hex}`
      : object_kind === 'request'
        ? (requests[1] as Asked).request_id
        : '';
  return {
    number: 260 - i,
    at: ago((i ** 1.7 * 40 + luck('at', i) * 30) * 1_000),
    ...{ actor, action, object_kind, object_id, detail: {} },
    text: `${actor.name} ${said.replace('{id}', object_id)}`,
  };
});

export function auditApi(response: ServerResponse, url: URL, parts: string[]) {
  const empty = parts[2] === 'empty';
  if (parts[4] === 'verify')
    return void setTimeout(
      () =>
        send(response, 200, {
          ...{ ok: true, entries: log.length, first_bad: null },
          message: 'All entries are there, in order and unchanged.',
        }),
      600,
    );
  if (parts[4] === 'export')
    return send(
      response,
      200,
      log.map((entry) => JSON.stringify(entry) + '\n').join(''),
      'application/x-ndjson',
    );
  const param = (name: string) => url.searchParams.get(name) ?? '';
  const q = param('q').toLowerCase();
  const rows = (empty ? [] : log).filter(({ text, action, actor, at }) => {
    const day = String(at).slice(0, 10);
    return (
      String(text).toLowerCase().includes(q) &&
      `${String(action)}.`.startsWith(param('action')) &&
      (!param('actor') || (actor as Json)['id'] === param('actor')) &&
      (!param('from') || day >= param('from')) &&
      (!param('to') || day <= param('to'))
    );
  });
  setTimeout(() => send(response, 200, page(rows, url, 100)), 120);
}

// ---- bookmarks and sharing ----

export const bookmarks = new Set<string>(['0192f3a0-7c1e-7a52-9b1d-000000000003']);

interface Link extends Json {
  link_id: string;
  replay_id: string;
  secret: string;
  expires_at: string;
}

let links: Link[] = [];
const members = [
  { member_id: 'm7', name: 'Priya Nair', email: 'priya@agency.example', role: 'viewer' },
  { member_id: 'm8', name: null, email: 'tom@agency.example', role: 'viewer' },
  { member_id: 'm1', name: 'Emma Lind', email: 'emma@shop.example', role: 'owner' },
];
const shared = new Set<string>();

/** Answers what is asked about a replay beside its recording; false when something else was asked. */
export async function sharingApi(
  request: IncomingMessage,
  response: ServerResponse,
  parts: string[],
): Promise<boolean> {
  const replay_id = parts[4] ?? '';
  const none = () => send(response, 204, '', 'text/plain');
  switch (parts[5]) {
    case 'bookmark':
      if (request.method === 'DELETE') bookmarks.delete(replay_id);
      else bookmarks.add(replay_id);
      none();
      return true;
    case 'links': {
      const mine = links.filter((link) => link.replay_id === replay_id);
      if (request.method === 'GET')
        send(response, 200, {
          results: mine.map(({ secret: _, ...link }) => link),
          next_cursor: null,
        });
      else if (request.method === 'DELETE') {
        links = links.filter((link) => link.link_id !== parts[6]);
        none();
      } else {
        const hours = (await bodyOf(request))['expires_hours'] as number;
        const secret = `${replay_id.slice(-4)}${Math.random().toString(36).slice(2)}`;
        const link = {
          ...{ link_id: uuid(9100), replay_id, secret, created_by: 'Owner', opened: 0 },
          created_at: new Date().toISOString(),
          expires_at: new Date(Date.now() + hours * 3600e3).toISOString(),
        };
        links = [link, ...links];
        send(response, 201, {
          ...{ link_id: link.link_id, expires_at: link.expires_at },
          url: `http://${request.headers.host}/shared/${secret}`,
        });
      }
      return true;
    }
    case 'members': {
      const key = (member: string) => `${replay_id} ${member}`;
      if (request.method === 'GET')
        send(response, 200, {
          results: members.map((one) => ({ ...one, shared: shared.has(key(one.member_id)) })),
          next_cursor: null,
        });
      else {
        if (request.method === 'PUT') shared.add(key(parts[6] ?? ''));
        else shared.delete(key(parts[6] ?? ''));
        none();
      }
      return true;
    }
    default:
      return false;
  }
}

/** The replay behind a link, and until when it is; `/shared/sample` always leads to one. */
export function behindLink(secret: string): { replay_id: string; link_expires_at: string } | null {
  if (secret === 'sample')
    return {
      replay_id: '0192f3a0-7c1e-7a52-9b1d-000000000002',
      link_expires_at: new Date(born + 3 * DAY).toISOString(),
    };
  const link = links.find((one) => one.secret === secret);
  return link ? { replay_id: link.replay_id, link_expires_at: link.expires_at } : null;
}

export function governanceApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
  rows: Row[],
) {
  switch (parts[3]) {
    case 'retention':
      return void retentionApi(request, response, parts);
    case 'audit':
      return auditApi(response, url, parts);
    default:
      return void requestsApi(request, response, url, parts, rows);
  }
}
