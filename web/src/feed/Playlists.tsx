import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Check, ChevronDown, ListVideo } from 'lucide-react';

import { type SavedReport, savedQuery } from '../api/saved';
import { parseSearch } from '../lib/search';
import { SaveMenu } from '../saved/SaveMenu';
import { type NamedSearch, asksSomething, questionOf } from '../saved/search';
import style from './Feed.module.css';

/** In the feed's head: the playlists, and a name for the filters that are set. */
export function Playlists({ project }: { project: string }) {
  const search: NamedSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const saved = useQuery(savedQuery(project)).data;
  const playlists = saved?.filter((one) => one.kind === 'replays') ?? [];
  const open = playlists.find((one) => one.report_id === search.report);
  if (playlists.length === 0 && !asksSomething('replays', search)) return null;
  const show = (playlist: SavedReport | null) =>
    void navigate({
      to: '.',
      search: (playlist
        ? {
            ...parseSearch(questionOf('replays', playlist.search)),
            report: playlist.report_id,
          }
        : {}) as never,
    });
  return (
    <div className={style.playlists}>
      {playlists.length > 0 && (
        <Menu position="bottom-start" width={260} offset={4}>
          <Menu.Target>
            <button
              type="button"
              className={style.pick}
              aria-label={`Playlist: ${open?.name ?? 'all replays'}`}
            >
              <ListVideo size={14} aria-hidden /> {open ? 'Playlists' : 'All replays'}
              <ChevronDown size={12} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {[null, ...playlists].map((one) => (
              <Menu.Item
                key={one?.report_id ?? 'all'}
                rightSection={
                  (one?.report_id ?? null) === (open?.report_id ?? null) ? (
                    <Check size={14} aria-label="chosen" />
                  ) : null
                }
                onClick={() => show(one)}
              >
                {one?.name ?? 'All replays'}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <SaveMenu kind="replays" />
    </div>
  );
}
