import { useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useState } from 'react';

import { askDeletion, cancelRequest } from '../api/governance';
import { Confirm } from '../lib/Dialog';
import { count, plural } from '../lib/format';
import { Undo, type Undone } from '../lib/Undo';
import style from './Feed.module.css';
import type { useFeed } from './useFeed';

/** What can be done with the replays that were selected. */
export function Chosen(props: {
  project: string;
  feed: ReturnType<typeof useFeed>;
  picked: ReadonlySet<string>;
  onPicked: (picked: ReadonlySet<string>) => void;
  onGone: (ids: string[], gone: boolean) => void;
}) {
  const { project, feed, picked, onPicked, onGone } = props;
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [done, setDone] = useState<Undone | null>(null);
  const all = feed.rows.length > 0 && feed.rows.every((row) => picked.has(row.replay_id));
  const ids = [...picked];
  const said = plural(ids.length, 'replay');
  const live = feed.rows.some((row) => row.live && picked.has(row.replay_id));
  const again = () =>
    Promise.all(
      ['newest', 'feed', 'data-requests'].map((name) =>
        queries.invalidateQueries({ queryKey: [name, project] }),
      ),
    );
  return (
    <>
      <div className={style.chosen} role="group" aria-label="Selected replays">
        <span className="num" role="status">
          {count(ids.length)} selected
        </span>
        <div>
          <button
            type="button"
            className="btn"
            onClick={() =>
              onPicked(all ? new Set() : new Set(feed.rows.map((row) => row.replay_id)))
            }
          >
            {all ? 'None' : 'All shown'}
          </button>
          <button
            type="button"
            className="btn danger"
            disabled={ids.length === 0}
            onClick={() => setAsking(true)}
          >
            <Trash2 size={14} aria-hidden /> Delete {ids.length > 0 ? said : ''}
          </button>
        </div>
      </div>
      {asking && (
        <Confirm
          title={`Delete ${said}?`}
          action={`Delete ${said}`}
          busy="Deleting…"
          otherwise="Nothing was deleted."
          act={async () => {
            const made = await askDeletion(project, { what: 'replays', replay_ids: ids });
            onGone(ids, true);
            onPicked(new Set());
            setDone({
              text: `${said} ${ids.length === 1 ? 'is' : 'are'} being deleted`,
              undo: () =>
                void cancelRequest(project, 'deletion', made.request_id)
                  .then(() => onGone(ids, false))
                  .finally(again),
            });
            void queries.invalidateQueries({ queryKey: ['data-requests', project] });
          }}
          onClose={() => setAsking(false)}
        >
          Nobody can watch {ids.length === 1 ? 'it' : 'them'} from this second on; after 10 seconds
          {ids.length === 1 ? ' it is' : ' they are'} removed from every store for good. The
          analytics events of the visits stay.
          {live && ' A visit that is going on begins a new replay.'}
        </Confirm>
      )}
      <Undo done={done} onClose={() => setDone(null)} />
    </>
  );
}
