import { type KeyboardEvent, useRef } from 'react';

import style from './Board.module.css';

const LONGEST = 5_000;

/** Text of one's own, as it was typed. */
export function Note(props: {
  text: string;
  editing: boolean;
  onEdit: (on: boolean) => void;
  onChange: (text: string) => void;
}) {
  const { text, editing, onEdit, onChange } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  if (!editing) {
    return text.trim() === '' ? (
      <div className={style.note}>
        <button type="button" className="link" onClick={() => onEdit(true)}>
          Write something
        </button>
      </div>
    ) : (
      <div className={style.note}>{text}</div>
    );
  }
  const keep = () => {
    const next = field.current?.value.trim() ?? text;
    if (next !== text) onChange(next);
    onEdit(false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onEdit(false);
    else if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) keep();
  };
  return (
    <div className={style.writing}>
      <textarea
        ref={field}
        // Whoever asked to write wants to write.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        aria-label="The note"
        defaultValue={text}
        maxLength={LONGEST}
        rows={7}
        placeholder="What to look at here, and what to do then"
        onKeyDown={press}
      />
      <div>
        <button type="button" className="btn" onClick={() => onEdit(false)}>
          Cancel
        </button>
        <button type="button" className="btn primary" onClick={keep}>
          Save note
        </button>
      </div>
    </div>
  );
}
