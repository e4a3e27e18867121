import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Activity,
  ChartLine,
  CircleHelp,
  Clapperboard,
  Code,
  Filter,
  FolderClosed,
  Plus,
  Search,
  ShieldCheck,
} from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';

import { newestQuery } from '../api/queries';
import type { Project, Session } from '../api/types';
import { Avatar } from '../feed/Avatar';
import { useNow } from '../lib/hooks';
import { ago, clock, path, personLabel } from '../lib/format';
import style from './Palette.module.css';

interface Entry {
  key: string;
  icon: ReactNode;
  name: string;
  note?: string;
  go: () => void;
}

/** ⌘K: replays by person, screens, projects. */
export function Palette(props: {
  session: Session;
  project: Project;
  onClose: () => void;
  onHelp: () => void;
}) {
  const { project, session, onClose } = props;
  const navigate = useNavigate();
  const now = useNow();
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 150);
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const found = useQuery({
    ...newestQuery(project.project_id, asked ? { q: asked } : {}),
    refetchInterval: false,
    placeholderData: (before) => before,
  });

  const params = { project: project.project_id };
  const matches = (name: string) => name.toLowerCase().includes(typed.trim().toLowerCase());
  const replays: Entry[] = (found.data?.results ?? []).slice(0, 7).map((row) => ({
    key: row.replay_id,
    icon: <Avatar person={row.person} size={22} />,
    name: personLabel(row.person),
    note: `${row.start_url ? path(row.start_url) : ''} · ${clock(row.duration_ms)} · ${ago(row.started_at, now)}`,
    go: () =>
      void navigate({
        to: '/projects/$project/replays/$replay',
        params: { ...params, replay: row.replay_id },
        search: asked ? { q: asked } : {},
      }),
  }));
  const screens: Entry[] = [
    {
      key: 'replays',
      icon: <Clapperboard size={16} />,
      name: 'Replays',
      go: () => void navigate({ to: '/projects/$project/replays', params }),
    },
    {
      key: 'insights',
      icon: <ChartLine size={16} />,
      name: 'Insights',
      note: 'Events over time, and their replays',
      go: () => void navigate({ to: '/projects/$project/insights', params }),
    },
    {
      key: 'funnels',
      icon: <Filter size={16} />,
      name: 'Funnels',
      note: 'Where people drop off, and their replays',
      go: () => void navigate({ to: '/projects/$project/funnels', params }),
    },
    {
      key: 'privacy',
      icon: <ShieldCheck size={16} />,
      name: 'Privacy',
      note: 'Rules, stored replays',
      go: () => void navigate({ to: '/projects/$project/privacy', params }),
    },
    {
      key: 'rule',
      icon: <Plus size={16} />,
      name: 'New privacy rule',
      note: 'Hide, mask or block something',
      go: () => void navigate({ to: '/projects/$project/privacy/new', params }),
    },
    {
      key: 'install',
      icon: <Code size={16} />,
      name: 'Install',
      note: 'The snippet for your site',
      go: () => void navigate({ to: '/projects/$project/install', params }),
    },
    {
      key: 'status',
      icon: <Activity size={16} />,
      name: 'Status',
      note: 'Stores, backlog, disk',
      go: () => void navigate({ to: '/projects/$project/status', params }),
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
  const groups: [string, Entry[]][] = typed
    ? [
        ['Replays', replays],
        ['Go to', screens],
      ]
    : [
        ['Go to', screens],
        ['Newest replays', replays],
      ];
  const entries = groups.flatMap(([, list]) => list);
  const at = Math.min(chosen, Math.max(0, entries.length - 1));

  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setChosen((at + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      onClose();
      entries[at]?.go();
    }
  };

  let row = 0;
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size={560}
      padding={0}
      yOffset="12vh"
      aria-label="Search or jump to"
    >
      <div className={style.field}>
        <Search size={16} aria-hidden />
        <input
          data-autofocus
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={entries[at] ? `${listId}-${entries[at].key}` : undefined}
          aria-label="Search replays by name, e-mail or user id, or jump to a screen"
          placeholder="Name, e-mail, user id, screen…"
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
    </Modal>
  );
}
