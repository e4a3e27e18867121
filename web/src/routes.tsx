import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';

import type { AuditFilter, Kind } from './api/governance';
import type { RuleKind } from './api/types';
import { replaysSearch } from './feed/search';
import { type LexiconSearch, ORDERS } from './lexicon/order';
import { type Raw, given, number, oneOf, parseSearch, stringifySearch, text } from './lib/search';
import { profileSearch, usersSearch } from './people/state';
import { funnelSearch, insightsSearch } from './reports/state';
import type { SavedSearch } from './saved/SavedScreen';
import { namedSearch } from './saved/search';
import { NotFound } from './shell/NotFound';
import { retentionSearch } from './retention/state';
import { flowsSearch } from './flows/state';
import { Home, Root } from './shell/Shell';

export interface PrivacySearch {
  /** The rule that was just made. */
  saved?: string;
  /** The job whose outcome is unfolded. */
  job?: string;
}

export interface BoardSearch {
  /** Days, instead of those that each report was saved with. */
  last?: number;
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

export const savedSearch = (raw: Raw): SavedSearch =>
  given({
    q: text(raw, 'q'),
    kind: oneOf(raw, 'kind', ['insights', 'funnel', 'retention', 'flows', 'replays'] as const),
  });

export const boardSearch = (raw: Raw): BoardSearch => {
  const last = number(raw, 'last');
  return last !== undefined && Number.isInteger(last) && last >= 1 && last <= 3_660 ? { last } : {};
};

export const lexiconSearch = (raw: Raw): LexiconSearch =>
  given({
    q: text(raw, 'q'),
    of: oneOf(raw, 'of', ['event_property', 'profile_property'] as const),
    by: oneOf(raw, 'by', ORDERS),
    order: oneOf(raw, 'order', ['asc'] as const),
  });

export interface RequestsSearch {
  kind?: Kind;
  /** A request that is being made: of what, and whose. */
  new?: Kind;
}

export const requestsSearch = (raw: Raw): RequestsSearch =>
  given({
    kind: oneOf(raw, 'kind', ['deletion', 'retrieval'] as const),
    new: oneOf(raw, 'new', ['deletion', 'retrieval'] as const),
  });

export const auditSearch = (raw: Raw): AuditFilter =>
  given({
    q: text(raw, 'q'),
    actor: text(raw, 'actor'),
    action: text(raw, 'action'),
    from: text(raw, 'from'),
    to: text(raw, 'to'),
  });

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

/** Open to whoever has the link. */
const shared = createRoute({
  getParentRoute: () => root,
  path: '/shared/$secret',
  validateSearch: (raw: Raw): { t?: number } => given({ t: number(raw, 't') }),
  component: lazyRouteComponent(() => import('./shared/SharedScreen'), 'SharedScreen'),
});

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

/** Where whoever is logged in already has nothing to do; the others are asked to log in on any address. */
const login = createRoute({ getParentRoute: () => root, path: '/login', component: Home });

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('./account/AccountScreen'), 'AccountScreen'),
});

const newProject = createRoute({
  getParentRoute: () => root,
  path: '/projects/new',
  component: lazyRouteComponent(() => import('./projects/NewProjectScreen'), 'NewProjectScreen'),
});

const project = createRoute({ getParentRoute: () => root, path: '/projects/$project' });

const projectHome = createRoute({ getParentRoute: () => project, path: '/', component: Home });

const replays = createRoute({
  getParentRoute: () => project,
  path: '/replays',
  validateSearch: (raw: Raw) => ({ ...replaysSearch(raw), ...namedSearch(raw) }),
  component: lazyRouteComponent(() => import('./replay/ReplaysScreen'), 'ReplaysScreen'),
});

const replay = createRoute({ getParentRoute: () => replays, path: '/$replay' });

const replayLink = createRoute({
  getParentRoute: () => root,
  path: '/replay/$replay',
  component: lazyRouteComponent(() => import('./replay/ReplayLink'), 'ReplayLink'),
});

const insights = createRoute({
  getParentRoute: () => project,
  path: '/insights',
  validateSearch: (raw: Raw) => ({ ...insightsSearch(raw), ...namedSearch(raw) }),
  component: lazyRouteComponent(() => import('./reports/InsightsScreen'), 'InsightsScreen'),
});

const funnels = createRoute({
  getParentRoute: () => project,
  path: '/funnels',
  validateSearch: (raw: Raw) => ({ ...funnelSearch(raw), ...namedSearch(raw) }),
  component: lazyRouteComponent(() => import('./reports/FunnelsScreen'), 'FunnelsScreen'),
});

const boards = createRoute({
  getParentRoute: () => project,
  path: '/boards',
  component: lazyRouteComponent(() => import('./boards/BoardsScreen'), 'BoardsScreen'),
});

const board = createRoute({
  getParentRoute: () => project,
  path: '/boards/$board',
  validateSearch: boardSearch,
  component: lazyRouteComponent(() => import('./boards/BoardScreen'), 'BoardScreen'),
});

const saved = createRoute({
  getParentRoute: () => project,
  path: '/saved',
  validateSearch: savedSearch,
  component: lazyRouteComponent(() => import('./saved/SavedScreen'), 'SavedScreen'),
});

const savedReport = createRoute({
  getParentRoute: () => project,
  path: '/saved/$report',
  component: lazyRouteComponent(() => import('./saved/OpenReport'), 'OpenReport'),
});

const lexicon = createRoute({
  getParentRoute: () => project,
  path: '/lexicon',
  validateSearch: lexiconSearch,
  component: lazyRouteComponent(() => import('./lexicon/LexiconScreen'), 'LexiconScreen'),
});

const retention = createRoute({
  getParentRoute: () => project,
  path: '/retention',
  validateSearch: (raw: Raw) => ({ ...retentionSearch(raw), ...namedSearch(raw) }),
  component: lazyRouteComponent(() => import('./retention/RetentionScreen'), 'RetentionScreen'),
});

const flows = createRoute({
  getParentRoute: () => project,
  path: '/flows',
  validateSearch: (raw: Raw) => ({ ...flowsSearch(raw), ...namedSearch(raw) }),
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

const settings = createRoute({
  getParentRoute: () => project,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/SettingsScreen'), 'SettingsScreen'),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: lazyRouteComponent(() => import('./settings/SettingsScreen'), 'FirstSection'),
});

const projectSettings = createRoute({
  getParentRoute: () => settings,
  path: '/project',
  component: lazyRouteComponent(() => import('./settings/ProjectSection'), 'ProjectSection'),
});

const members = createRoute({
  getParentRoute: () => settings,
  path: '/members',
  component: lazyRouteComponent(() => import('./settings/MembersSection'), 'MembersSection'),
});

const keys = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: lazyRouteComponent(() => import('./settings/KeysSection'), 'KeysSection'),
});

const kept = createRoute({
  getParentRoute: () => settings,
  path: '/retention',
  component: lazyRouteComponent(() => import('./settings/RetentionSection'), 'RetentionSection'),
});

const requests = createRoute({
  getParentRoute: () => settings,
  path: '/requests',
  validateSearch: requestsSearch,
  component: lazyRouteComponent(() => import('./settings/RequestsSection'), 'RequestsSection'),
});

const deletion = createRoute({
  getParentRoute: () => settings,
  path: '/requests/deletions/$request',
  component: lazyRouteComponent(() => import('./settings/RequestPage'), 'DeletionPage'),
});

const retrieval = createRoute({
  getParentRoute: () => settings,
  path: '/requests/retrievals/$request',
  component: lazyRouteComponent(() => import('./settings/RequestPage'), 'RetrievalPage'),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./settings/AuditSection'), 'AuditSection'),
});

const status = createRoute({
  getParentRoute: () => project,
  path: '/status',
  component: lazyRouteComponent(() => import('./status/StatusScreen'), 'StatusScreen'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    login,
    account,
    shared,
    replayLink,
    newProject,
    project.addChildren([
      projectHome,
      replays.addChildren([replay]),
      insights,
      funnels,
      retention,
      flows,
      users,
      profile,
      boards,
      board,
      saved,
      savedReport,
      lexicon,
      privacy,
      rule,
      install,
      settings.addChildren([
        settingsHome,
        projectSettings,
        members,
        keys,
        kept,
        requests,
        deletion,
        retrieval,
        audit,
      ]),
      status,
    ]),
  ]),
  parseSearch,
  stringifySearch: (search: Raw) => {
    const query = stringifySearch(search);
    return query === '' ? '' : `?${query}`;
  },
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
