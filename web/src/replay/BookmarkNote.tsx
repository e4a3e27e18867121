import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bookmark, Pencil } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { noteBookmark } from '../api/governance';
import { replayQuery } from '../api/queries';
import type { ReplayDetail } from '../api/types';
import { Fault } from '../lib/Form';
import { exact, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { useMay } from '../shell/session';
import style from './BookmarkNote.module.css';

const LONGEST = 2_000;

/** Why a replay has its bookmark: read by whoever watches it, written by whoever may bookmark. */
export function BookmarkNote({ project, detail }: { project: string; detail: ReplayDetail }) {
  const mayEdit = useMay('edit');
  const now = useNow();
  const [writing, setWriting] = useState(false);
  const { bookmark } = detail;
  if (!detail.bookmarked || (!mayEdit && !bookmark?.note)) return null;
  if (writing)
    return <Writing project={project} detail={detail} onClose={() => setWriting(false)} />;
  return (
    <div className={style.note}>
      <Bookmark size={14} fill="currentColor" aria-label="Bookmarked" />
      {bookmark?.note ? (
        <p>
          {bookmark.note}{' '}
          <span className={style.by} title={exact(bookmark.created_at)}>
            {bookmark.created_by}, {when(bookmark.created_at, now)}
          </span>
        </p>
      ) : (
        <button type="button" className="link" onClick={() => setWriting(true)}>
          Say why it is bookmarked
        </button>
      )}
      {bookmark?.note && mayEdit && (
        <button
          type="button"
          className="icon"
          aria-label="Edit the note"
          onClick={() => setWriting(true)}
        >
          <Pencil size={13} aria-hidden />
        </button>
      )}
    </div>
  );
}

function Writing(props: { project: string; detail: ReplayDetail; onClose: () => void }) {
  const { project, detail, onClose } = props;
  const queries = useQueryClient();
  const key = replayQuery(project, detail.replay_id).queryKey;
  const [note, setNote] = useState(detail.bookmark?.note ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const save = useMutation({
    mutationFn: () => noteBookmark(project, detail.replay_id, note.trim()),
    onSuccess: (bookmark) => {
      queries.setQueryData(
        key,
        (was: ReplayDetail | undefined) => was && { ...was, bookmarked: true, bookmark },
      );
      onClose();
    },
  });
  return (
    <form
      className={style.writing}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <textarea
        ref={field}
        className="field"
        aria-label="Note of the bookmark"
        placeholder="Why it is worth another look"
        rows={3}
        maxLength={LONGEST}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
        }}
      />
      <Fault error={save.error} otherwise="The note is as it was." />
      <div className={style.buttons}>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="btn primary" disabled={save.isPending}>
          {save.isPending ? 'Saving…' : 'Save the note'}
        </button>
      </div>
    </form>
  );
}
