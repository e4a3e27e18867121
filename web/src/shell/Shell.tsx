import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import {
  Link,
  Navigate,
  Outlet,
  useLocation,
  useNavigate,
  useParams,
} from '@tanstack/react-router';
import {
  Check,
  ChevronsUpDown,
  CircleHelp,
  CircleUserRound,
  CloudOff,
  Contrast,
  Ellipsis,
  LogOut,
  Plus,
  Search,
} from 'lucide-react';
import { Suspense, useEffect, useState, useSyncExternalStore } from 'react';

import { HttpError, call } from '../api/http';
import { sessionQuery } from '../api/queries';
import type { Project, Session } from '../api/types';
import { useKeys, useNarrow } from '../lib/hooks';
import { Tip } from '../lib/Tip';
import { Trouble } from '../lib/Trouble';
import { LoginScreen } from '../login/LoginScreen';
import { FirstSteps } from './FirstSteps';
import { Help } from './Help';
import { NotFound } from './NotFound';
import { Palette } from './Palette';
import { NoProject } from './NoProject';
import { NoRight } from './NoRight';
import { type Screen, deniedAt, screensFor } from './screens';
import { rememberedProject, useSession } from './session';
import { PALETTE_KEY } from './keys';
import style from './Shell.module.css';

/** A shared replay stands alone; everything else is for members. */
export function Root() {
  const alone = useLocation({ select: ({ pathname }) => pathname.startsWith('/shared/') });
  return alone ? (
    <Suspense fallback={null}>
      <Outlet />
    </Suspense>
  ) : (
    <Shell />
  );
}

function Shell() {
  const session = useQuery(sessionQuery);
  if (session.error instanceof HttpError && session.error.status === 401) return <LoginScreen />;
  if (session.data) return <Frame session={session.data} />;
  if (session.error) {
    return (
      <main className={style.alone}>
        <Trouble
          icon={<CloudOff size={18} />}
          title="The server does not answer"
          retry={() => void session.refetch()}
        >
          {session.error instanceof HttpError
            ? session.error.message
            : 'Is playhead serve still running? Nothing recorded meanwhile on your site is lost: its pages keep it and send it later.'}
        </Trouble>
      </main>
    );
  }
  return <div className={style.alone} aria-busy="true" />;
}

/** `/` leads to the project last looked at; while there is none, to making it. */
export function Home() {
  const session = useSession();
  const { project } = useParams({ strict: false });
  const target = project ?? rememberedProject(session)?.project_id;
  if (target)
    return <Navigate to="/projects/$project/replays" params={{ project: target }} replace />;
  return session.member.is_operator ? (
    <Navigate to="/projects/new" replace />
  ) : (
    <NoProject member={session.member} />
  );
}

const inBar = (screen: Screen) => 'bar' in screen;

function Frame({ session }: { session: Session }) {
  const params = useParams({ strict: false });
  const project =
    params.project === undefined
      ? rememberedProject(session)
      : session.projects.find((one) => one.project_id === params.project);
  const inProject = params.project !== undefined;
  const here = useLocation({ select: (location) => location.pathname });
  const denied = project && inProject ? deniedAt(here, project) : undefined;
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const online = useOnline();
  const narrow = useNarrow();

  useEffect(() => {
    if (!project) return;
    try {
      localStorage.setItem('playhead.project', project.project_id);
    } catch {
      // Not remembered then.
    }
  }, [project]);

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette((was) => !was);
      }
    };
    window.addEventListener('keydown', open);
    return () => window.removeEventListener('keydown', open);
  }, []);
  useKeys({ '?': () => setHelp(true) });

  const rail = project && (
    <>
      {screensFor(project.rights)
        .filter((screen) => !narrow || inBar(screen))
        .map((screen) => (
          <Link
            key={screen.name}
            to={screen.to}
            params={{ project: project.project_id }}
            className={style.place}
            activeProps={{ 'aria-current': 'page' }}
            data-apart={'apart' in screen || undefined}
          >
            <screen.icon size={18} strokeWidth={1.75} aria-hidden />
            <span>{screen.name}</span>
          </Link>
        ))}
    </>
  );

  return (
    <div className={style.frame}>
      <a className={style.jump} href="#screen">
        Skip to the screen
      </a>
      {(project || !narrow) && (
        <nav className={style.rail} aria-label="Screens">
          <Link to="/" className={style.mark} aria-label="Playhead, start">
            <img src="/assets/playhead.svg" alt="" width={28} height={28} />
          </Link>
          {rail}
          {project && (
            <button type="button" className={style.searchPlace} onClick={() => setPalette(true)}>
              <Search size={18} strokeWidth={1.75} aria-hidden />
              <span>Search</span>
            </button>
          )}
          {narrow && project && <MoreScreens project={project} />}
        </nav>
      )}
      <header className={style.head}>
        <ProjectSwitcher session={session} current={project?.project_id} />
        {project && (
          <button type="button" className={style.search} onClick={() => setPalette(true)}>
            <Search size={14} aria-hidden />
            <span>Search or jump to…</span>
            <kbd>{PALETTE_KEY}</kbd>
          </button>
        )}
        <div className={style.tools}>
          <ThemeToggle />
          <Tip label="Keys and help" keys="?">
            <button
              type="button"
              className="icon"
              aria-label="Keys and help"
              onClick={() => setHelp(true)}
            >
              <CircleHelp size={17} strokeWidth={1.75} />
            </button>
          </Tip>
          <MemberMenu session={session} />
        </div>
      </header>
      <main id="screen" className={style.screen} tabIndex={-1}>
        {!online && (
          <div className={style.offline} role="status">
            <CloudOff size={14} aria-hidden /> You are offline. What is shown may be old; it is
            renewed as soon as the connection is back.
          </div>
        )}
        {here !== '/account' && <FirstSteps session={session} />}
        {denied && project ? (
          <NoRight screen={denied.name} project={project} />
        ) : project || !inProject ? (
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        ) : (
          <NotFound />
        )}
      </main>
      {palette && project && (
        <Palette
          session={session}
          project={project}
          onClose={() => setPalette(false)}
          onHelp={() => setHelp(true)}
        />
      )}
      <Help opened={help} onClose={() => setHelp(false)} />
    </div>
  );
}

/** What has no room in a phone's bar. */
function MoreScreens(props: { project: Project }) {
  const { project_id: project, rights } = props.project;
  const here = useLocation({ select: (location) => location.pathname });
  const rest = screensFor(rights).filter((screen) => !inBar(screen));
  const within = rest.some(({ to }) => here.startsWith(to.replace('$project', project)));
  return (
    <Menu position="top-end" width={180} offset={8}>
      <Menu.Target>
        <button
          type="button"
          className={style.place}
          aria-current={within ? 'true' : undefined}
          aria-label="More screens"
        >
          <Ellipsis size={18} strokeWidth={1.75} aria-hidden />
          <span>More</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {rest.map(({ to, name, icon: Icon }) => (
          <Menu.Item
            key={name}
            leftSection={<Icon size={15} strokeWidth={1.75} />}
            renderRoot={(props) => <Link to={to} params={{ project }} {...props} />}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ProjectSwitcher({ session, current }: { session: Session; current: string | undefined }) {
  const navigate = useNavigate();
  const shown = session.projects.find((one) => one.project_id === current);
  const { is_operator: makes } = session.member;
  if (session.projects.length === 0) return null;
  return (
    <Menu position="bottom-start" width={240} offset={4}>
      <Menu.Target>
        <button
          type="button"
          className={style.project}
          aria-label={`Project: ${shown?.name ?? 'none'}. Switch project`}
        >
          <span>{shown?.name ?? 'Choose a project'}</span>
          <ChevronsUpDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Projects</Menu.Label>
        {session.projects.map((one) => (
          <Menu.Item
            key={one.project_id}
            rightSection={
              one.project_id === current ? <Check size={14} aria-label="shown" /> : null
            }
            onClick={() =>
              void navigate({
                to: '/projects/$project/replays',
                params: { project: one.project_id },
              })
            }
          >
            {one.name}
          </Menu.Item>
        ))}
        {makes && (
          <>
            <Menu.Divider />
            <Menu.Item
              leftSection={<Plus size={14} />}
              renderRoot={(props) => <Link to="/projects/new" {...props} />}
            >
              New project…
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function ThemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  const other = shown === 'dark' ? 'light' : 'dark';
  const label = `Switch to ${other}${colorScheme === 'auto' ? ' (now as your system)' : ''}`;
  return (
    <Tip label={label}>
      <button
        type="button"
        className="icon"
        aria-label={label}
        onClick={() => setColorScheme(other)}
      >
        <Contrast size={17} strokeWidth={1.75} />
      </button>
    </Tip>
  );
}

function MemberMenu({ session }: { session: Session }) {
  const { name, email } = session.member;
  const shown = name ?? email ?? 'Owner';
  const { setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={220} offset={4}>
      <Menu.Target>
        <button
          type="button"
          className={style.member}
          aria-label={`${shown.slice(0, 2).toUpperCase()}: signed in as ${shown}`}
        >
          {shown.slice(0, 2).toUpperCase()}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{email && name ? `${name} · ${email}` : shown}</Menu.Label>
        <Menu.Item
          leftSection={<CircleUserRound size={14} />}
          renderRoot={(props) => <Link to="/account" {...props} />}
        >
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<Contrast size={14} />} onClick={() => setColorScheme('auto')}>
          Light or dark as my system
        </Menu.Item>
        <Menu.Item
          leftSection={<LogOut size={14} />}
          onClick={() =>
            void call('/api/logout', { method: 'POST' }).then(() => location.assign('/login'))
          }
        >
          Log out
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Playhead {session.version}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener('online', changed);
      window.addEventListener('offline', changed);
      return () => {
        window.removeEventListener('online', changed);
        window.removeEventListener('offline', changed);
      };
    },
    () => navigator.onLine,
  );
}
