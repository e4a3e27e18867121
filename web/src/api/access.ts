/** Logging in, the member's own account, and who and what else may come in. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { AuditEntry } from './governance';
import { call, json, setCsrf } from './http';
import { of } from './queries';
import type { Project, Role } from './types';

interface List<T> {
  results: T[];
  next_cursor: string | null;
}

// ---- log-in

export interface LoginWays {
  password: boolean;
  oidc: { id: string; name: string; url: string }[];
  /** Nobody has a password yet, and there is no provider: the one-time link is the way in. */
  needs_setup: boolean;
}

export const loginWaysQuery = queryOptions({
  queryKey: ['login'],
  queryFn: ({ signal }) => json<LoginWays>('/api/login', { signal }),
  staleTime: 60_000,
});

export interface Credentials {
  email: string;
  password: string;
  /** Of the app, or a recovery code. */
  code?: string;
}

export async function logIn(credentials: Credentials): Promise<void> {
  const path = '/api/login';
  const { csrf_token } = await json<{ csrf_token: string }>(path, {
    method: 'POST',
    body: credentials,
  });
  setCsrf(csrf_token);
}

// ---- the account

export interface LoginSession {
  session_id: string;
  created_at: string;
  last_used_at: string;
  method: string;
  browser: string | null;
  os: string | null;
  address: string | null;
  current: boolean;
}

/** `project_id` is empty for what belongs to none, such as a log-in. */
export type Activity = AuditEntry & { project_id: string };

export const changeAccount = (body: { name?: string; email?: string }) =>
  call('/api/account', { method: 'PATCH', body });

export const setPassword = (body: { current?: string; new: string }) =>
  call('/api/account/password', { method: 'POST', body });

export const startTotp = () =>
  json<{ secret: string; uri: string }>('/api/account/totp', { method: 'POST' });

export const confirmTotp = (code: string) =>
  json<{ recovery_codes: string[] }>('/api/account/totp/confirm', {
    method: 'POST',
    body: { code },
  });

export const endTotp = (code: string) =>
  call('/api/account/totp', { method: 'DELETE', body: { code } });

export const loginSessionsQuery = queryOptions({
  queryKey: ['login-sessions'],
  queryFn: async ({ signal }) =>
    (await json<List<LoginSession>>('/api/account/sessions', { signal })).results,
});

export const endSession = (id: string) =>
  call(`/api/account/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const endOtherSessions = () => call('/api/account/sessions', { method: 'DELETE' });

export const activityQuery = infiniteQueryOptions({
  queryKey: ['activity'],
  queryFn: ({ pageParam, signal }) =>
    json<List<Activity>>('/api/account/activity', { query: { cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next_cursor,
});

// ---- members

export interface Member {
  member_id: string;
  name: string;
  email: string | null;
  role: Role;
  /** Sees the properties that the Lexicon marks as sensitive. */
  unmasked: boolean;
  totp: boolean;
  last_seen_at: string | null;
  is_operator: boolean;
}

/** Without an end it is the dashboard's own address, for whoever has an account already. */
export interface Invitation {
  invite_url: string;
  expires_at: string | null;
}

const membersPath = (project: string) => `${of(project)}/members`;
const memberPath = (project: string, id: string) =>
  `${membersPath(project)}/${encodeURIComponent(id)}`;

export const membersQuery = (project: string) =>
  queryOptions({
    queryKey: ['members', project],
    queryFn: async ({ signal }) =>
      (await json<List<Member>>(membersPath(project), { signal })).results,
  });

export const invite = (
  project: string,
  body: { email: string; name?: string; role: Role; unmasked?: boolean },
) => json<Member & Invitation>(membersPath(project), { method: 'POST', body });

export const changeMember = (
  project: string,
  id: string,
  body: { role?: Role; unmasked?: boolean },
) => call(memberPath(project, id), { method: 'PATCH', body });

export const removeMember = (project: string, id: string) =>
  call(memberPath(project, id), { method: 'DELETE' });

export const linkFor = (project: string, id: string) =>
  json<Invitation>(`${memberPath(project, id)}/link`, { method: 'POST' });

// ---- keys

export type Scope = 'ingest' | 'read' | 'manage';

export interface ApiKey {
  key_id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  created_by: string;
  expires_at: string | null;
  last_used_at: string | null;
}

const keysPath = (project: string) => `${of(project)}/keys`;

export const keysQuery = (project: string) =>
  queryOptions({
    queryKey: ['keys', project],
    queryFn: async ({ signal }) =>
      (await json<List<ApiKey>>(keysPath(project), { signal })).results,
  });

export const makeKey = (
  project: string,
  body: { name: string; scopes: Scope[]; expires_at?: string },
) => json<ApiKey & { api_key: string }>(keysPath(project), { method: 'POST', body });

export const revokeKey = (project: string, id: string) =>
  call(`${keysPath(project)}/${encodeURIComponent(id)}`, { method: 'DELETE' });

// ---- the project itself

export const makeProject = (body: { name: string; timezone: string; region?: string }) =>
  json<Project>('/api/projects', { method: 'POST', body });

export const changeProject = (project: string, body: { name?: string; timezone?: string }) =>
  json<Project>(of(project), { method: 'PATCH', body });

export const rotateToken = (project: string, overlap_hours: number) =>
  json<Project>(`${of(project)}/token`, { method: 'POST', body: { overlap_hours } });

export const deleteProject = (project: string, name: string) =>
  call(of(project), { method: 'DELETE', body: { name } });
