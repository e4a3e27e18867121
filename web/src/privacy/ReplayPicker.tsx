import { Popover } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, Search } from 'lucide-react';
import { useState } from 'react';

import { newestQuery } from '../api/queries';
import type { FeedRow, Project, ReplayDetail } from '../api/types';
import { Avatar } from '../feed/Avatar';
import { ago, clock, path, personLabel } from '../lib/format';
import { useNow } from '../lib/hooks';
import style from './ReplayPicker.module.css';

/** Which replay a rule is tried on. */
export function ReplayPicker(props: {
  project: Project;
  shown: ReplayDetail | null;
  onChoose: (replay: string) => void;
}) {
  const { shown } = props;
  const [open, setOpen] = useState(false);
  const now = useNow();
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-start"
      width={340}
      offset={4}
      trapFocus
    >
      <Popover.Target>
        <button
          type="button"
          className={style.button}
          aria-haspopup="dialog"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {shown ? (
            <>
              <Avatar person={shown.person} size={22} />
              <span className={style.name}>{personLabel(shown.person)}</span>
              <span className={style.note}>
                {clock(shown.duration_ms)} · {ago(shown.started_at, now)}
              </span>
            </>
          ) : (
            <span className={style.name}>Choose a replay</span>
          )}
          <ChevronDown size={14} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Choose the replay to try the rule on">
        <Found
          {...props}
          now={now}
          onChoose={(replay) => {
            setOpen(false);
            props.onChoose(replay);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Found(props: {
  project: Project;
  shown: ReplayDetail | null;
  now: number;
  onChoose: (replay: string) => void;
}) {
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), 150);
  const found = useQuery({
    ...newestQuery(props.project.project_id, asked ? { q: asked } : {}),
    refetchInterval: false,
    placeholderData: (before) => before,
  });
  const rows = (found.data?.results ?? []).filter(playable).slice(0, 8);
  return (
    <>
      <label className={style.search}>
        <Search size={14} aria-hidden />
        <input
          type="text"
          data-autofocus
          aria-label="Search replays by name, e-mail, user id or date"
          placeholder="Name, e-mail, user id, date…"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <ul className={style.list}>
        {rows.map((row) => (
          <li key={row.replay_id}>
            <button type="button" onClick={() => props.onChoose(row.replay_id)}>
              <Avatar person={row.person} size={22} />
              <span className={style.name}>
                {personLabel(row.person)}
                {row.start_url && <i> {path(row.start_url)}</i>}
              </span>
              {row.replay_id === props.shown?.replay_id ? (
                <Check size={14} aria-label="chosen" />
              ) : (
                <span className={style.note}>
                  {clock(row.duration_ms)} · {ago(row.started_at, props.now)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      {rows.length === 0 && (
        <p className={style.none}>
          {found.isPending
            ? 'Loading…'
            : found.error
              ? 'The replays could not be loaded.'
              : 'No replay matches.'}
        </p>
      )}
    </>
  );
}

export const playable = (row: FeedRow) => row.status === 'ready';
