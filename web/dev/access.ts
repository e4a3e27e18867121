/**
 * Accounts of the mock API. Log-in takes any password of ten characters; an address with "totp" in it is asked for a
 * code (any six digits), one with "busy" has tried too often. `/?mock=first` has nobody with a password yet,
 * `/?mock=oidc` offers two providers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Json, bodyOf, page, refuse, send } from './answer';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const born = Date.now();
const ago = (ms: number) => new Date(born - ms).toISOString();
let made = 0;
const secret = (bytes: number) =>
  Array.from({ length: bytes * 2 }, () => Math.floor(Math.random() * 16).toString(16)).join('');

const ANALYST = ['watch', 'report', 'edit', 'export', 'share'];
const ADMIN = [...ANALYST, 'privacy', 'delete', 'audit', 'manage'];
const RIGHTS = { owner: [...ADMIN, 'own'], admin: ADMIN, analyst: ANALYST, viewer: ['watch'] };

const project = (
  project_id: string,
  name: string,
  role: keyof typeof RIGHTS = 'owner',
  more: Json = {},
): Json => ({
  ...{ project_id, name, token: `${project_id}-token`, created_at: '2026-11-01T00:00:00Z' },
  ...{ retention_days: 30, timezone: 'UTC', role, rights: RIGHTS[role] },
  ...{ unmasked: role === 'owner', ...more },
});

let projects = [
  project('demo', 'Demo shop', 'owner', { previous_token_until: null }),
  project('empty', 'Marketing site'),
  project('blog', 'Blog', 'admin', {
    previous_token_until: new Date(born + 3 * DAY).toISOString(),
  }),
  project('checkout', 'Checkout redesign', 'analyst'),
  project('partner', 'Partner portal', 'viewer'),
  project('slow', 'Slow'),
  project('broken', 'Broken'),
];

const me: Json = {
  ...{ member_id: 'm1', name: 'Emma Lind', email: 'emma@shop.example' },
  ...{ has_password: true, totp: false, is_operator: true },
};

let members: Json[] = [
  {
    ...{ member_id: 'm1', name: 'Emma Lind', email: 'emma@shop.example', role: 'owner' },
    ...{ unmasked: true, totp: true, last_seen_at: ago(60_000), is_operator: true },
  },
  {
    ...{ member_id: 'm2', name: 'Tomás Ferreira', email: 'tomas@shop.example', role: 'admin' },
    ...{ unmasked: true, totp: true, last_seen_at: ago(5 * HOUR), is_operator: false },
  },
  {
    ...{ member_id: 'm3', name: 'Priya Raman', email: 'priya@shop.example', role: 'analyst' },
    ...{ unmasked: false, totp: false, last_seen_at: ago(2 * DAY), is_operator: false },
  },
  {
    ...{ member_id: 'm4', name: '', email: 'support.team.night@partner.example', role: 'viewer' },
    ...{ unmasked: false, totp: false, last_seen_at: null, is_operator: false },
  },
];

let keys: Json[] = [
  {
    ...{ key_id: 'k1', name: 'Nightly export to the warehouse', scopes: ['read'] },
    ...{ created_at: ago(40 * DAY), created_by: 'Emma Lind' },
    ...{ expires_at: new Date(born + 5 * DAY).toISOString(), last_used_at: ago(7 * HOUR) },
  },
  {
    ...{ key_id: 'k2', name: 'deploy', scopes: ['ingest', 'read', 'manage'] },
    ...{ created_at: ago(90 * DAY), created_by: '', expires_at: null, last_used_at: null },
  },
  {
    ...{ key_id: 'k3', name: 'Support tool, trial', scopes: ['read'] },
    ...{ created_at: ago(70 * DAY), created_by: 'Tomás Ferreira' },
    ...{ expires_at: ago(10 * DAY), last_used_at: ago(12 * DAY) },
  },
];

let sessions: Json[] = [
  {
    ...{ session_id: 's1', created_at: ago(3 * DAY), last_used_at: ago(0), current: true },
    ...{ method: 'password', browser: 'Chrome', os: 'Linux', address: '192.0.2.14' },
  },
  {
    ...{ session_id: 's2', created_at: ago(9 * DAY), last_used_at: ago(4 * HOUR), current: false },
    ...{ method: 'link', browser: 'Safari', os: 'iOS', address: '198.51.100.7' },
  },
  {
    ...{ session_id: 's3', created_at: ago(20 * DAY), last_used_at: ago(6 * DAY), current: false },
    ...{ method: 'google', browser: null, os: null, address: '2001:db8::1f' },
  },
];

const DONE = [
  'Logged in with a password',
  'Watched the replay of 18 Nov, 14:02',
  'Invited support.team.night@partner.example as viewer',
  'Exported the events of 1 to 14 Nov',
  'Made the API key “Nightly export to the warehouse”',
  'Failed to log in: wrong password',
  'Shared a replay with Priya Raman',
];
const activity = Array.from({ length: 60 }, (_, i) => ({
  ...{ number: 60 - i, at: ago(i * 5 * HOUR), action: 'member.logged_in' },
  text: DONE[i % DONE.length],
}));

const none = (response: ServerResponse) => send(response, 204, '', 'text/plain');
const invitation = () => ({
  invite_url: `http://127.0.0.1:5173/login?code=${secret(24)}`,
  expires_at: new Date(Date.now() + 7 * DAY).toISOString(),
});

export function sessionApi(request: IncomingMessage, response: ServerResponse) {
  const from = request.headers.referer ?? '';
  const outside = /mock=(signed-out|first|oidc)|\/login/.test(from);
  if (outside && !(request.headers.cookie ?? '').includes('mock-session'))
    return refuse(response, 401, 'not_logged_in', 'Log in first.');
  const host = (request.headers.host ?? '').replace('127.0.0.1', 'localhost');
  const member = from.includes('mock=no-password')
    ? { ...me, name: 'Owner', email: null, has_password: false, totp: false }
    : me;
  send(response, 200, {
    ...{ member, csrf_token: 'x', projects, replay_origin: `http://${host}`, version: '0.1.0' },
    ...{ sdk_url: 'http://127.0.0.1:8800/sdk.js', shop_url: null },
  });
}

export async function loginApi(request: IncomingMessage, response: ServerResponse) {
  const from = request.headers.referer ?? '';
  if (request.method === 'GET') {
    const oidc = [
      { id: 'google', name: 'Google', url: '/api/login/oidc/google' },
      { id: 'keycloak', name: 'Keycloak', url: '/api/login/oidc/keycloak' },
    ];
    return send(response, 200, {
      password: true,
      oidc: from.includes('mock=oidc') ? oidc : [],
      needs_setup: from.includes('mock=first'),
    });
  }
  const body = await bodyOf(request);
  const [email, password, code] = [body['email'], body['password'], body['code']].map(
    (one) => one as string | undefined,
  );
  if (email?.includes('busy')) {
    response.setHeader('Retry-After', '42');
    return refuse(
      response,
      429,
      'too_many_attempts',
      'Too many log-ins failed. Wait a little and try again.',
    );
  }
  if ((password ?? '').length < 10 || (code !== undefined && !/^\d{6}$/.test(code)))
    return refuse(response, 401, code ? 'bad_code' : 'bad_login', 'That is not right.');
  if (email?.includes('totp') && code === undefined)
    return refuse(response, 401, 'code_needed', 'Send the code of the app as well.');
  response.setHeader('Set-Cookie', 'mock-session=1; Path=/; HttpOnly; SameSite=Lax');
  send(response, 200, { csrf_token: 'x' });
}

export async function accountApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
) {
  const gone = request.method === 'DELETE';
  if (parts[2] === 'sessions') {
    if (!gone) return send(response, 200, { results: sessions, next_cursor: null });
    sessions = sessions.filter((one) =>
      parts[3] ? one['session_id'] !== parts[3] : one['current'],
    );
    return none(response);
  }
  if (parts[2] === 'activity') return send(response, 200, page(activity, url, 12));
  const body = await bodyOf(request);
  if (parts[2] === 'password') {
    if (body['current'] === 'wrong password')
      return refuse(response, 403, 'wrong_password', 'The present password is not right.');
    me['has_password'] = true;
    return none(response);
  }
  if (parts[2] !== 'totp') {
    Object.assign(me, body);
    return send(response, 200, me);
  }
  if (parts[3] !== 'confirm' && !gone) {
    const key = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const uri = `otpauth://totp/Playhead:emma%40shop.example?secret=${key}&issuer=Playhead`;
    return send(response, 200, { secret: key, uri });
  }
  if (!/^\d{6}$/.test(String(body['code'])))
    return refuse(response, 400, 'bad_code', 'This code is not right. Take the newest one.');
  me['totp'] = !gone;
  if (gone) return none(response);
  const recovery_codes = Array.from({ length: 10 }, () => `${secret(3)}-${secret(3)}`);
  send(response, 200, { recovery_codes });
}

export async function membersApi(
  request: IncomingMessage,
  response: ServerResponse,
  parts: string[],
) {
  const member = members.find((one) => one['member_id'] === parts[4]);
  if (parts[4] && !member)
    return refuse(response, 404, 'unknown_member', 'There is no such member.');
  if (request.method === 'POST' && member) return send(response, 200, invitation());
  if (request.method === 'POST') {
    const fresh = {
      ...{ member_id: `m${(++made + 10).toString()}`, name: '', unmasked: false, totp: false },
      ...{ last_seen_at: null, is_operator: false, ...(await bodyOf(request)) },
    };
    members = [...members, fresh];
    return send(response, 201, { ...fresh, ...invitation() });
  }
  if (request.method === 'PATCH') {
    const changed = { ...member, ...(await bodyOf(request)) };
    members = members.map((one) => (one === member ? changed : one));
    return send(response, 200, changed);
  }
  if (request.method === 'DELETE') {
    members = members.filter((one) => one !== member);
    return none(response);
  }
  const shown = parts[2] === 'empty' ? members.slice(0, 1) : members;
  send(response, 200, { results: shown, next_cursor: null });
}

export async function keysApi(request: IncomingMessage, response: ServerResponse, parts: string[]) {
  if (request.method === 'POST') {
    const fresh: Json = {
      ...{ key_id: `k${(++made + 10).toString()}`, created_at: new Date().toISOString() },
      ...{ created_by: 'Emma Lind', expires_at: null, last_used_at: null },
      ...(await bodyOf(request)),
    };
    keys = [fresh, ...keys];
    return send(response, 201, { ...fresh, api_key: `ph_${secret(24)}` });
  }
  if (request.method === 'DELETE') {
    keys = keys.filter((one) => one['key_id'] !== parts[4]);
    return none(response);
  }
  send(response, 200, { results: parts[2] === 'empty' ? [] : keys, next_cursor: null });
}

export async function projectApi(
  request: IncomingMessage,
  response: ServerResponse,
  parts: string[],
) {
  const found = projects.find((one) => one['project_id'] === parts[2]);
  if (!found) return refuse(response, 404, 'project_not_found', 'There is no such project.');
  const body = await bodyOf(request);
  if (request.method === 'DELETE') {
    if (body['name'] !== found['name'])
      return refuse(response, 400, 'wrong_name', 'Type the project’s name as it is.');
    projects = projects.filter((one) => one !== found);
    return none(response);
  }
  if (parts[3] === 'token') {
    found['token'] = secret(16);
    const hours = Number(body['overlap_hours']);
    found['previous_token_until'] =
      hours > 0 ? new Date(Date.now() + hours * HOUR).toISOString() : null;
  } else Object.assign(found, body);
  send(response, 200, found);
}
