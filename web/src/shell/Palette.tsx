import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  CircleHelp,
  CircleUserRound,
  Clapperboard,
  FolderClosed,
  LayoutDashboard,
  Plus,
  Search,
  UserRound,
} from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';

import { peoplePage } from '../api/people';
import { newestQuery } from '../api/queries';
import { boardsQuery, savedQuery } from '../api/saved';
import type { Project, Session } from '../api/types';
import { Avatar } from '../feed/Avatar';
import { ago, clock, path, personLabel } from '../lib/format';
import { useNow } from '../lib/hooks';
import { KINDS } from '../saved/kinds';
import style from './Palette.module.css';
import { type Recent, remember, useRecents } from './recent';
import { screensFor } from './screens';

interface Entry {
  key: string;
  icon: ReactNode;
  name: string;
  note?: string;
  go: () => void;
}

/** Of each kind, when something is searched; unsearched, of what was opened last. */
const SOME = 5;

/** ⌘K: people, replays, saved reports, boards, screens, projects; what was opened last comes first. */
export function Palette(props: {
  session: Session;
  project: Project;
  onClose: () => void;
  onHelp: () => void;
}) {
  const { project, session, onClose } = props;
  const navigate = useNavigate();
  const now = useNow();
  const mayReport = project.rights.includes('report');
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 150);
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const found = useQuery({
    ...newestQuery(project.project_id, asked ? { q: asked } : {}),
    refetchInterval: false,
    placeholderData: (before) => before,
  });

  const people = useQuery({
    queryKey: ['palette-people', project.project_id, asked],
    queryFn: async ({ signal }) => {
      const question = { q: asked, filters: [], sort: 'last_seen', order: 'desc' as const };
      const page = await peoplePage(
        project.project_id,
        { ...question, all: false },
        SOME,
        null,
        signal,
      );
      return page.results;
    },
    enabled: mayReport && asked !== '',
    placeholderData: (before) => before,
    retry: false,
  });
  const saved = useQuery({ ...savedQuery(project.project_id), enabled: mayReport }).data ?? [];
  const boards = useQuery({ ...boardsQuery(project.project_id), enabled: mayReport }).data ?? [];
  const recents = useRecents(project.project_id);

  const params = { project: project.project_id };
  const matches = (name: string) => name.toLowerCase().includes(typed.trim().toLowerCase());
  /** Opens it, and remembers that. */
  const open = (what: Recent) => {
    remember(project.project_id, what);
    const { kind, id } = what;
    if (kind === 'person')
      void navigate({ to: '/projects/$project/users/$person', params: { ...params, person: id } });
    else if (kind === 'replay')
      void navigate({
        to: '/projects/$project/replays/$replay',
        params: { ...params, replay: id },
        search: asked ? { q: asked } : {},
      });
    else if (kind === 'report')
      void navigate({ to: '/projects/$project/saved/$report', params: { ...params, report: id } });
    else
      void navigate({ to: '/projects/$project/boards/$board', params: { ...params, board: id } });
  };
  /** What was opened last stands before what was not. */
  const lastFirst = (entries: Entry[]) => {
    const rank = (entry: Entry) => {
      const at = recents.findIndex((one) => `${one.kind}-${one.id}` === entry.key);
      return at < 0 ? recents.length : at;
    };
    return entries.toSorted((a, b) => rank(a) - rank(b));
  };

  const replays: Entry[] = (found.data?.results ?? []).slice(0, SOME).map((row) => ({
    key: `replay-${row.replay_id}`,
    icon: <Avatar person={row.person} size={22} />,
    name: personLabel(row.person),
    note: `${row.start_url ? path(row.start_url) : ''} · ${clock(row.duration_ms)} · ${ago(row.started_at, now)}`,
    go: () => open({ kind: 'replay', id: row.replay_id, name: personLabel(row.person) }),
  }));
  const persons: Entry[] = (people.data ?? []).map((one) => ({
    key: `person-${one.distinct_id}`,
    icon: <Avatar person={one} size={22} />,
    name: personLabel(one),
    note: one.email && one.name ? one.email : one.distinct_id,
    go: () => open({ kind: 'person', id: one.distinct_id, name: personLabel(one) }),
  }));
  const reports: Entry[] = saved
    .filter((one) => matches(one.name))
    .map((one) => {
      const { icon: Icon, name } = KINDS[one.kind];
      return {
        key: `report-${one.report_id}`,
        icon: <Icon size={16} />,
        name: one.name,
        note: one.description ? `${name} · ${one.description}` : name,
        go: () => open({ kind: 'report', id: one.report_id, name: one.name }),
      };
    });
  const pinboards: Entry[] = boards
    .filter((one) => matches(one.name))
    .map((one) => ({
      key: `board-${one.board_id}`,
      icon: <LayoutDashboard size={16} />,
      name: one.name,
      note: one.description ? `Board · ${one.description}` : 'Board',
      go: () => open({ kind: 'board', id: one.board_id, name: one.name }),
    }));
  const screens: Entry[] = [
    ...screensFor(project.rights).map(({ to, name, icon: Icon, note }) => ({
      key: name,
      icon: <Icon size={16} />,
      name: name,
      note: note,
      go: () => void navigate({ to, params }),
    })),
    ...(project.rights.includes('privacy')
      ? [
          {
            key: 'rule',
            icon: <Plus size={16} />,
            name: 'New privacy rule',
            note: 'Hide, mask or block something',
            go: () => void navigate({ to: '/projects/$project/privacy/new', params }),
          },
        ]
      : []),
    ...(session.member.is_operator
      ? [
          {
            key: 'new-project',
            icon: <Plus size={16} />,
            name: 'New project',
            note: 'For another site or app',
            go: () => void navigate({ to: '/projects/new' }),
          },
        ]
      : []),
    {
      key: 'account',
      icon: <CircleUserRound size={16} />,
      name: 'Your account',
      note: 'Password, second factor, sessions',
      go: () => void navigate({ to: '/account' }),
    },
    { key: 'help', icon: <CircleHelp size={16} />, name: 'Keys and help', go: props.onHelp },
    ...session.projects
      .filter((one) => one.project_id !== project.project_id)
      .map((one) => ({
        key: `project-${one.project_id}`,
        icon: <FolderClosed size={16} />,
        name: one.name,
        note: 'Project',
        go: () =>
          void navigate({
            to: '/projects/$project/replays',
            params: { project: one.project_id },
          }),
      })),
  ].filter((entry) => matches(entry.name));
  // Under its name of today; what is not there any more is not offered.
  const opened: Entry[] = recents.slice(0, SOME).flatMap((one): Entry[] => {
    const key = `${one.kind}-${one.id}`;
    if (one.kind === 'report') return reports.filter((entry) => entry.key === key);
    if (one.kind === 'board') return pinboards.filter((entry) => entry.key === key);
    const [icon, note] =
      one.kind === 'person'
        ? [<UserRound key="icon" size={16} />, 'Person']
        : [<Clapperboard key="icon" size={16} />, 'Replay'];
    return [{ key, icon, note, name: one.name, go: () => open(one) }];
  });
  const groups: [string, Entry[]][] = typed
    ? [
        ['People', lastFirst(persons)],
        ['Saved', lastFirst(reports).slice(0, SOME)],
        ['Boards', lastFirst(pinboards).slice(0, SOME)],
        ['Go to', screens],
        ['Replays', lastFirst(replays)],
      ]
    : [
        ['Opened last', opened],
        ['Go to', screens],
        ['Newest replays', replays.filter((one) => !opened.some(({ key }) => key === one.key))],
      ];
  const entries = groups.flatMap(([, list]) => list);
  const at = Math.min(chosen, Math.max(0, entries.length - 1));

  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = (at + step + entries.length) % Math.max(1, entries.length);
      setChosen(next);
      document
        .getElementById(`${listId}-${entries[next]?.key ?? ''}`)
        ?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      onClose();
      entries[at]?.go();
    }
  };

  let row = 0;
  return (
    <Modal.Root opened onClose={onClose} size={560} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Search or jump to">
        <Modal.Body p={0}>
          <div className={style.field}>
            <Search size={16} aria-hidden />
            <input
              data-autofocus
              role="combobox"
              aria-expanded
              aria-controls={listId}
              aria-activedescendant={entries[at] ? `${listId}-${entries[at].key}` : undefined}
              aria-label="Search people, replays, saved reports and boards, or jump to a screen"
              placeholder="Person, report, board, screen…"
              value={typed}
              onChange={(event) => {
                setTyped(event.currentTarget.value);
                setChosen(0);
              }}
              onKeyDown={press}
            />
          </div>
          <div id={listId} role="listbox" aria-label="Found" className={style.list}>
            {groups.map(
              ([name, list]) =>
                list.length > 0 && (
                  <div key={name} role="group" aria-label={name}>
                    <div className={style.group}>{name}</div>
                    {list.map((entry) => {
                      const i = row++;
                      return (
                        <button
                          type="button"
                          key={entry.key}
                          id={`${listId}-${entry.key}`}
                          role="option"
                          aria-selected={i === at}
                          tabIndex={-1}
                          className={style.entry}
                          onMouseMove={() => setChosen(i)}
                          onClick={() => {
                            onClose();
                            entry.go();
                          }}
                        >
                          <span className={style.icon}>{entry.icon}</span>
                          <span className={style.name}>{entry.name}</span>
                          {entry.note && <span className={style.note}>{entry.note}</span>}
                        </button>
                      );
                    })}
                  </div>
                ),
            )}
            {entries.length === 0 && <p className={style.none}>Nothing matches “{typed}”.</p>}
          </div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
