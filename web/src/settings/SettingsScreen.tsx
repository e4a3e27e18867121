import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { Suspense, useEffect, useRef } from 'react';

import { NoRight } from '../shell/NoRight';
import { useProject } from '../shell/session';
import { SECTIONS, sectionsFor } from './sections';
import style from './Settings.module.css';

/** The project's settings: a list of sections, and the one that is open. */
export function SettingsScreen() {
  const project = useProject();
  const params = { project: project.project_id };
  const here = useLocation({ select: (location) => location.pathname });
  const sections = sectionsFor(project.rights);
  const denied = SECTIONS.find(
    (one) =>
      here.startsWith(one.to.replace('$project', project.project_id)) && !sections.includes(one),
  );
  // Where the sections stand in a row, the open one may be out of sight.
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    row.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [here]);
  return (
    <div className={style.screen}>
      <nav ref={row} className={style.sections} aria-label="Settings">
        <h1>Settings</h1>
        <ul>
          {sections.map(({ to, name, icon: Icon }) => (
            <li key={name}>
              <Link to={to} params={params} activeProps={{ 'aria-current': 'page' }}>
                <Icon size={15} strokeWidth={1.75} aria-hidden />
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={style.body}>
        <div className={style.column}>
          {denied ? (
            <NoRight screen={denied.name} project={project} />
          ) : (
            <Suspense fallback={null}>
              <Outlet />
            </Suspense>
          )}
        </div>
      </div>
    </div>
  );
}

/** `/settings` leads to the first section. */
export function FirstSection() {
  const project = useProject();
  return (
    <Navigate
      to="/projects/$project/settings/project"
      params={{ project: project.project_id }}
      replace
    />
  );
}
