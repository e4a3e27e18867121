import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';

import type { FeedFilter } from './api/queries';
import type { RuleKind } from './api/types';
import { TABS } from './lib/search';
import { profileSearch, usersSearch } from './people/state';
import { funnelSearch, insightsSearch } from './reports/state';
import { NotFound } from './shell/NotFound';
import { retentionSearch } from './retention/state';
import { flowsSearch } from './flows/state';
import { Home, Shell } from './shell/Shell';

/** Everything a Replays screen shows is in its address. */
export interface ReplaysSearch extends FeedFilter {
  /** Where in the replay, as the events' own epoch milliseconds. */
  t?: number;
  tab?: (typeof TABS)[number];
  theatre?: boolean;
}

export interface PrivacySearch {
  /** The rule that was just made. */
  saved?: string;
  /** The job whose outcome is unfolded. */
  job?: string;
}

/** A rule that is being made, and the replay it is tried on. */
export interface RuleSearch {
  kind?: RuleKind;
  expression?: string;
  note?: string;
  replay?: string;
  t?: number;
  view?: 'recorded';
}

type Raw = Record<string, unknown>;

const text = (raw: Raw, name: string) => (typeof raw[name] === 'string' ? raw[name] : undefined);
const flag = (raw: Raw, name: string) =>
  raw[name] === 'true' || raw[name] === true ? true : undefined;
const number = (raw: Raw, name: string) => {
  const value = Number(raw[name]);
  return raw[name] !== undefined && raw[name] !== '' && Number.isFinite(value) ? value : undefined;
};
const oneOf = <T extends string>(raw: Raw, name: string, values: readonly T[]) =>
  values.find((value) => value === raw[name]);

export function replaysSearch(raw: Raw): ReplaysSearch {
  const all = {
    q: text(raw, 'q'),
    sort: oneOf(raw, 'sort', ['recency', 'duration', 'activity'] as const),
    order: oneOf(raw, 'order', ['asc', 'desc'] as const),
    from: text(raw, 'from'),
    to: text(raw, 'to'),
    event: text(raw, 'event'),
    url: text(raw, 'url'),
    has_error: flag(raw, 'has_error'),
    has_rage_click: flag(raw, 'has_rage_click'),
    min_duration_ms: number(raw, 'min_duration_ms'),
    browser: text(raw, 'browser'),
    os: text(raw, 'os'),
    device: text(raw, 'device'),
    live: flag(raw, 'live'),
    distinct_id: text(raw, 'distinct_id'),
    t: number(raw, 't'),
    tab: oneOf(raw, 'tab', TABS),
    theatre: flag(raw, 'theatre'),
  };
  return given(all);
}

function given<Search extends object>(
  search: Search,
): { [Name in keyof Search]?: NonNullable<Search[Name]> } {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [Name in keyof Search]?: NonNullable<Search[Name]> };
}

export function privacySearch(raw: Raw): PrivacySearch {
  return given({ saved: text(raw, 'saved'), job: text(raw, 'job') });
}

export function ruleSearch(raw: Raw): RuleSearch {
  return given({
    kind: oneOf(raw, 'kind', ['pattern', 'mask', 'block'] as const),
    expression: text(raw, 'expression'),
    note: text(raw, 'note'),
    replay: text(raw, 'replay'),
    t: number(raw, 't'),
    view: oneOf(raw, 'view', ['recorded'] as const),
  });
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

const project = createRoute({ getParentRoute: () => root, path: '/projects/$project' });

const projectHome = createRoute({ getParentRoute: () => project, path: '/', component: Home });

const replays = createRoute({
  getParentRoute: () => project,
  path: '/replays',
  validateSearch: replaysSearch,
  component: lazyRouteComponent(() => import('./replay/ReplaysScreen'), 'ReplaysScreen'),
});

const replay = createRoute({ getParentRoute: () => replays, path: '/$replay' });

const insights = createRoute({
  getParentRoute: () => project,
  path: '/insights',
  validateSearch: insightsSearch,
  component: lazyRouteComponent(() => import('./reports/InsightsScreen'), 'InsightsScreen'),
});

const funnels = createRoute({
  getParentRoute: () => project,
  path: '/funnels',
  validateSearch: funnelSearch,
  component: lazyRouteComponent(() => import('./reports/FunnelsScreen'), 'FunnelsScreen'),
});

const retention = createRoute({
  getParentRoute: () => project,
  path: '/retention',
  validateSearch: retentionSearch,
  component: lazyRouteComponent(() => import('./retention/RetentionScreen'), 'RetentionScreen'),
});

const flows = createRoute({
  getParentRoute: () => project,
  path: '/flows',
  validateSearch: flowsSearch,
  component: lazyRouteComponent(() => import('./flows/FlowsScreen'), 'FlowsScreen'),
});

const users = createRoute({
  getParentRoute: () => project,
  path: '/users',
  validateSearch: usersSearch,
  component: lazyRouteComponent(() => import('./people/UsersScreen'), 'UsersScreen'),
});

const profile = createRoute({
  getParentRoute: () => project,
  path: '/users/$person',
  validateSearch: profileSearch,
  component: lazyRouteComponent(() => import('./people/ProfileScreen'), 'ProfileScreen'),
});

const privacy = createRoute({
  getParentRoute: () => project,
  path: '/privacy',
  validateSearch: privacySearch,
  component: lazyRouteComponent(() => import('./privacy/PrivacyScreen'), 'PrivacyScreen'),
});

const rule = createRoute({
  getParentRoute: () => project,
  path: '/privacy/new',
  validateSearch: ruleSearch,
  component: lazyRouteComponent(() => import('./privacy/RuleEditor'), 'RuleEditor'),
});

const install = createRoute({
  getParentRoute: () => project,
  path: '/install',
  component: lazyRouteComponent(() => import('./first/InstallScreen'), 'InstallScreen'),
});

const status = createRoute({
  getParentRoute: () => project,
  path: '/status',
  component: lazyRouteComponent(() => import('./status/StatusScreen'), 'StatusScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    project.addChildren([
      projectHome,
      replays.addChildren([replay]),
      insights,
      funnels,
      retention,
      flows,
      users,
      profile,
      privacy,
      rule,
      install,
      status,
    ]),
  ]),
  // Plain `?name=value`, readable and writable by hand.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search: Raw) => {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(search)) {
      if (typeof value === 'string' || typeof value === 'number' || value === true)
        params.set(name, String(value));
    }
    const query = params.toString();
    return query === '' ? '' : `?${query}`;
  },
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
