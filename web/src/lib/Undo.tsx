import { X } from 'lucide-react';
import { useEffect } from 'react';

import style from './Undo.module.css';

/** Time enough to read the line and to reach the button. */
const STAYS_MS = 10_000;

export interface Undone {
  /** What was done: "Removed the note". */
  text: string;
  undo: () => void;
}

/** What was just done, and its way back. */
export function Undo({ done, onClose }: { done: Undone | null; onClose: () => void }) {
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(onClose, STAYS_MS);
    return () => clearTimeout(timer);
  }, [done, onClose]);
  return (
    <div className={style.place} role="status">
      {done && (
        <div className={style.line}>
          <span>{done.text}</span>
          <button
            type="button"
            className="link"
            onClick={() => {
              done.undo();
              onClose();
            }}
          >
            Undo
          </button>
          <button type="button" className="icon" aria-label="Close this note" onClick={onClose}>
            <X size={14} aria-hidden />
          </button>
        </div>
      )}
    </div>
  );
}
