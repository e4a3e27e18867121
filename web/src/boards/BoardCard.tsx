import { Menu } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  BookmarkX,
  Check,
  CloudOff,
  Ellipsis,
  GripVertical,
  Pencil,
  StickyNote,
  X,
} from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useId, useLayoutEffect, useRef } from 'react';

import type { Card, SavedReport } from '../api/saved';
import { Trouble } from '../lib/Trouble';
import { KINDS } from '../saved/kinds';
import style from './Board.module.css';
import { WIDTHS } from './cards';
import { CardAnswer } from './CardAnswer';
import { Note } from './Note';

/** How far a pointer goes before it drags: a shaky click is no drag. */
const SLACK_PX = 4;

export function BoardCard(props: {
  project: string;
  card: Card;
  place: number;
  places: number;
  saved: UseQueryResult<SavedReport[]>;
  last: number | undefined;
  dragged: boolean;
  editing: boolean;
  onEdit: (on: boolean) => void;
  onChange: (patch: Partial<Card>) => void;
  onRemove: () => void;
  onStep: (by: 1 | -1) => void;
  /** Begins, or comes over another card. */
  onDrag: (over: string | null) => void;
  onDrop: (kept: boolean) => void;
}) {
  const { project, card, place, places, saved } = props;
  const id = useId();
  const report = saved.data?.find((one) => one.report_id === card.report_id);
  const note = card.report_id === null;
  const name = note ? 'Note' : (report?.name ?? 'Saved report');
  const waits = !note && !report && saved.isPending;
  const Icon = note ? StickyNote : report ? KINDS[report.kind].icon : BookmarkX;
  return (
    <li
      className={style.card}
      data-card={card.card_id}
      data-width={card.width}
      data-note={note || undefined}
      data-dragged={props.dragged || undefined}
      aria-labelledby={id}
    >
      <header className={style.cardHead}>
        {waits ? (
          <i className="bone" style={{ width: 140, height: 14 }} />
        ) : (
          <Icon size={14} strokeWidth={1.75} aria-hidden />
        )}
        <h2 id={id} className={note || waits ? 'unseen' : undefined}>
          {report ? (
            <Link
              to="/projects/$project/saved/$report"
              params={{ project, report: report.report_id }}
              title={report.description || undefined}
            >
              {name}
            </Link>
          ) : (
            name
          )}
        </h2>
        <div className={style.handles}>
          <Grip {...props} name={name} place={place} places={places} />
          <Menu position="bottom-end" width={190} offset={4}>
            <Menu.Target>
              <button
                type="button"
                className="icon"
                aria-label={`More about the card ${name}, ${place} of ${places}`}
              >
                <Ellipsis size={16} strokeWidth={1.75} />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {note && (
                <>
                  <Menu.Item leftSection={<Pencil size={14} />} onClick={() => props.onEdit(true)}>
                    Edit the note
                  </Menu.Item>
                  <Menu.Divider />
                </>
              )}
              <Menu.Label>Width</Menu.Label>
              {WIDTHS.map(([width, label]) => (
                <Menu.Item
                  key={width}
                  rightSection={
                    width === card.width ? <Check size={14} aria-label="chosen" /> : null
                  }
                  onClick={() => props.onChange({ width })}
                >
                  {label}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item leftSection={<X size={14} />} onClick={props.onRemove}>
                Remove from the board
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      {note ? (
        <Note
          text={card.text ?? ''}
          editing={props.editing}
          onEdit={props.onEdit}
          onChange={(text) => props.onChange({ text })}
        />
      ) : report ? (
        <CardAnswer project={project} report={report} last={props.last} />
      ) : saved.data ? (
        <Trouble icon={<BookmarkX size={18} />} title="This report was deleted">
          Remove the card, or put another in its place.
        </Trouble>
      ) : saved.isError ? (
        <Trouble
          icon={<CloudOff size={18} />}
          title="The report could not be loaded"
          retry={() => void saved.refetch()}
        />
      ) : (
        <div aria-busy="true" className={style.answer} />
      )}
    </li>
  );
}

/** Moves the card: dragged by a pointer, or with the arrow keys. */
function Grip(props: {
  name: string;
  place: number;
  places: number;
  dragged: boolean;
  onStep: (by: 1 | -1) => void;
  onDrag: (over: string | null) => void;
  onDrop: (kept: boolean) => void;
}) {
  const { place, dragged, onDrag, onDrop, onStep } = props;
  const button = useRef<HTMLButtonElement>(null);
  const from = useRef<{ x: number; y: number; over: string | null } | null>(null);

  // A card that moves is put anew into the page, which takes the focus from it.
  const stepping = useRef(false);
  useLayoutEffect(() => {
    if (!stepping.current) return;
    stepping.current = false;
    button.current?.focus();
    button.current?.scrollIntoView({ block: 'nearest' });
  }, [place]);

  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && dragged) {
      from.current = null;
      onDrop(false);
      return;
    }
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key] as
      1 | -1 | undefined;
    if (by === undefined) return;
    event.preventDefault();
    stepping.current = true;
    onStep(by);
  };
  const move = (event: PointerEvent) => {
    const start = from.current;
    if (!start) return;
    if (!dragged) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < SLACK_PX) return;
      onDrag(null);
    }
    const over =
      document
        .elementsFromPoint(event.clientX, event.clientY)
        .map((element) => element.closest<HTMLElement>('[data-card]')?.dataset['card'])
        .find((one) => one !== undefined) ?? null;
    // A card that has just made way lies under the pointer again at once; it only counts when it is come upon anew.
    if (over !== start.over) {
      start.over = over;
      if (over) onDrag(over);
    }
  };
  return (
    <button
      ref={button}
      type="button"
      className={`icon ${style.grip}`}
      aria-label={`Move ${props.name}, ${place} of ${props.places}: arrow keys`}
      onKeyDown={press}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const own = event.currentTarget.closest<HTMLElement>('[data-card]')?.dataset['card'];
        from.current = { x: event.clientX, y: event.clientY, over: own ?? null };
      }}
      onPointerMove={move}
      onPointerUp={() => {
        if (from.current && dragged) onDrop(true);
        from.current = null;
      }}
      onPointerCancel={() => {
        if (from.current && dragged) onDrop(false);
        from.current = null;
      }}
    >
      <GripVertical size={15} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
