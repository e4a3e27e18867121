import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bookmark as BookmarkIcon } from 'lucide-react';

import { setBookmark } from '../api/governance';
import { replayQuery } from '../api/queries';
import type { ReplayDetail } from '../api/types';
import { useKeys } from '../lib/hooks';
import { Tip } from '../lib/Tip';

/** Keeps a replay in sight, and longer than the others where the project says so. */
export function Bookmark({ project, detail }: { project: string; detail: ReplayDetail }) {
  const queries = useQueryClient();
  const key = replayQuery(project, detail.replay_id).queryKey;
  const toggle = useMutation({
    mutationFn: (on: boolean) => setBookmark(project, detail.replay_id, on),
    onMutate: (on) =>
      queries.setQueryData(
        key,
        (was: ReplayDetail | undefined) => was && { ...was, bookmarked: on },
      ),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: key }),
        queries.invalidateQueries({ queryKey: ['newest', project] }),
      ]),
  });
  const on = detail.bookmarked;
  useKeys({ b: () => toggle.mutate(!on) });
  const label = toggle.isError
    ? 'It could not be bookmarked. Try again.'
    : on
      ? 'Remove the bookmark'
      : 'Bookmark';
  return (
    <>
      <Tip label={label} keys="b">
        <button
          type="button"
          className="icon"
          aria-label="Bookmark"
          aria-pressed={on}
          onClick={() => toggle.mutate(!on)}
        >
          <BookmarkIcon size={16} strokeWidth={1.75} fill={on ? 'currentColor' : 'none'} />
        </button>
      </Tip>
      <span className="unseen" role="status">
        {toggle.isError ? label : toggle.isSuccess ? (on ? 'Bookmarked' : 'Bookmark removed') : ''}
      </span>
    </>
  );
}
