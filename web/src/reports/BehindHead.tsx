import { useNavigate } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';

import { Tip } from '../lib/Tip';
import { type Show, unwatched } from './parts';
import style from './Watching.module.css';

const SHOWN = [
  [undefined, 'Replays'],
  ['people', 'Users'],
  ['events', 'Events'],
] as const;

/** What is looked at behind a point, how many of it, the other things there are to look at, and the way back. */
export function BehindHead(props: {
  show: Show | undefined;
  /** "Dropped after Add to Cart · 18 Nov". */
  title: string;
  /** "41 replays of 63 people". */
  counted: string | null;
  loading: boolean;
  /** Beside the way back. */
  children?: ReactNode;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const look = (show: Show | undefined) =>
    void navigate({
      to: '.',
      search: (before: { point?: string }) => ({
        ...unwatched(before),
        ...(before.point === undefined ? {} : { point: before.point }),
        ...(show ? { show } : {}),
      }),
      replace: true,
    });
  return (
    <header className={style.head}>
      <p className={style.title} aria-live="polite">
        <b>{props.title}</b>
        {props.counted !== null ? (
          <span>
            {' · '}
            {props.counted}
          </span>
        ) : (
          props.loading && <span className="bone" />
        )}
      </p>
      {props.children}
      <div className={style.switch} role="group" aria-label="What is shown of the point">
        {SHOWN.map(([show, name]) => (
          <button
            key={name}
            type="button"
            aria-pressed={props.show === show}
            onClick={() => look(show)}
          >
            {name}
          </button>
        ))}
      </div>
      <Tip label="Back to the report" keys="Esc" hoverOnly>
        <button
          ref={close}
          type="button"
          className="icon"
          aria-label="Close, back to the report"
          onClick={props.onClose}
        >
          <X size={17} aria-hidden />
        </button>
      </Tip>
    </header>
  );
}
