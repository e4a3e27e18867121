import { Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import {
  Calendar,
  Check,
  ChevronDown,
  ChevronLeft,
  CloudOff,
  LayoutDashboard,
  MapPinOff,
  Plus,
} from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';

import { HttpError } from '../api/http';
import {
  type Board,
  type Card,
  boardQuery,
  boardsQuery,
  changeBoard,
  savedQuery,
} from '../api/saved';
import { Trouble } from '../lib/Trouble';
import { Undo, type Undone } from '../lib/Undo';
import { LAST_DAYS } from '../reports/parts';
import type { BoardSearch } from '../routes';
import { remember } from '../shell/recent';
import { useProject } from '../shell/session';
import { AddCard } from './AddCard';
import style from './Board.module.css';
import { BoardCard } from './BoardCard';
import { BoardMenu } from './BoardMenu';
import { movedTo, stepped, withCard, without } from './cards';

export function BoardScreen() {
  const project = useProject().project_id;
  const { board: id = '' } = useParams({ strict: false });
  const board = useQuery(boardQuery(project, id));
  if (board.data) return <Loaded key={id} project={project} board={board.data} />;
  if (board.isError) {
    const missing = board.error instanceof HttpError && board.error.status === 404;
    return missing ? (
      <Trouble
        icon={<MapPinOff size={18} />}
        title="There is no such board"
        action={
          <Link className="btn" to="/projects/$project/boards" params={{ project }}>
            All boards
          </Link>
        }
      >
        It was deleted, or the address is mistyped.
      </Trouble>
    ) : (
      <Trouble
        icon={<CloudOff size={18} />}
        title="The board could not be loaded"
        retry={() => void board.refetch()}
      >
        {board.error instanceof HttpError
          ? board.error.message
          : 'The server could not be reached.'}
      </Trouble>
    );
  }
  return (
    <div className={style.screen} aria-busy="true" aria-label="Loading the board">
      <header className={style.head}>
        <div className="bone" style={{ width: 220, height: 18 }} />
      </header>
      <div className={style.grid}>
        {([2, 1, 3] as const).map((width) => (
          <div key={width} className={style.card} data-width={width}>
            <div className="bone" style={{ width: 140, height: 12, margin: 16 }} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Loaded({ project, board }: { project: string; board: Board }) {
  const { last }: BoardSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const saved = useQuery(savedQuery(project));
  const [trouble, setTrouble] = useState<string | null>(null);
  const [done, setDone] = useState<Undone | null>(null);
  const [said, say] = useState('');
  const [editing, setEditing] = useState<string | null>(null);
  /** The order while a card is dragged. */
  const [dragged, setDragged] = useState<{ id: string; cards: Card[] } | null>(null);
  const forget = useCallback(() => setDone(null), []);
  useEffect(
    () => remember(project, { kind: 'board', id: board.board_id, name: board.name }),
    [project, board.board_id, board.name],
  );

  // Changes are shown at once and written one after the other; what the server refuses is taken back.
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const { queryKey } = boardQuery(project, board.board_id);
  const write = (cards: Card[]) => {
    const before = client.getQueryData(queryKey) ?? board;
    client.setQueryData(queryKey, { ...before, cards });
    setTrouble(null);
    queue.current = queue.current.then(async () => {
      try {
        await changeBoard(project, board.board_id, { cards });
        void client.invalidateQueries(boardsQuery(project));
      } catch (error) {
        setTrouble(
          `The change was not saved: ${error instanceof HttpError ? error.message : 'the server could not be reached.'}`,
        );
        await client.invalidateQueries({ queryKey });
      }
    });
  };

  const cards = dragged?.cards ?? board.cards;
  const nameOf = (card: Card) =>
    card.report_id === null
      ? 'the note'
      : (saved.data?.find((one) => one.report_id === card.report_id)?.name ?? 'the card');
  const remove = (card: Card) => {
    const before = board.cards;
    write(without(before, card.card_id));
    setDone({ text: `Removed ${nameOf(card)} from the board.`, undo: () => write(before) });
  };
  const step = (card: Card, by: 1 | -1) => {
    const next = stepped(board.cards, card.card_id, by);
    if (next === board.cards) return;
    write(next);
    say(
      `${nameOf(card)}: place ${next.findIndex((one) => one.card_id === card.card_id) + 1} of ${next.length}`,
    );
  };
  const add = (card: Card) => {
    write([...board.cards, card]);
    if (card.report_id === null) setEditing(card.card_id);
    else
      requestAnimationFrame(() =>
        document
          .querySelector(`[data-card="${CSS.escape(card.card_id)}"]`)
          ?.scrollIntoView({ block: 'nearest' }),
      );
  };

  const adder = <AddCard project={project} onAdd={add} />;
  return (
    <div className={style.screen}>
      <header className={style.head}>
        <div className={style.naming}>
          <Link
            to="/projects/$project/boards"
            params={{ project }}
            className={style.back}
            aria-label="All boards"
          >
            <ChevronLeft size={16} aria-hidden />
          </Link>
          <h1 title={board.name}>{board.name}</h1>
          <BoardMenu
            project={project}
            board={board}
            onDeleted={() =>
              void navigate({ to: '/projects/$project/boards', params: { project } })
            }
          />
        </div>
        <div className={style.tools}>
          <DaysMenu
            last={last}
            onChange={(next) =>
              void navigate({
                to: '.',
                search: (next === undefined ? {} : { last: next }) as never,
                replace: true,
              })
            }
          />
          {adder}
        </div>
        {board.description && <p>{board.description}</p>}
        {trouble && (
          <p className={style.trouble} role="alert">
            {trouble}
          </p>
        )}
      </header>
      {cards.length === 0 ? (
        <Trouble
          icon={<LayoutDashboard size={18} />}
          title="This board is empty"
          action={
            <Link className="btn" to="/projects/$project/insights" params={{ project }}>
              <Plus size={14} aria-hidden /> Make a report to put here
            </Link>
          }
        >
          <b>Add a card</b> puts a saved report, a playlist or a note on it. Reports are asked anew
          whenever the board is opened.
        </Trouble>
      ) : (
        <ol className={style.grid} aria-label="Cards" data-dragging={dragged !== null || undefined}>
          {cards.map((card, i) => (
            <BoardCard
              key={card.card_id}
              project={project}
              card={card}
              place={i + 1}
              places={cards.length}
              saved={saved}
              last={last}
              dragged={dragged?.id === card.card_id}
              editing={editing === card.card_id}
              onEdit={(on) => setEditing(on ? card.card_id : null)}
              onChange={(patch) => write(withCard(board.cards, card.card_id, patch))}
              onRemove={() => remove(card)}
              onStep={(by) => step(card, by)}
              onDrag={(over) =>
                setDragged((was) => ({
                  id: card.card_id,
                  cards: over
                    ? movedTo(was?.cards ?? board.cards, card.card_id, over)
                    : (was?.cards ?? board.cards),
                }))
              }
              onDrop={(kept) => {
                if (kept && dragged && dragged.cards !== board.cards) write(dragged.cards);
                setDragged(null);
              }}
            />
          ))}
        </ol>
      )}
      <span className="unseen" role="status">
        {said}
      </span>
      <Undo done={done} onClose={forget} />
    </div>
  );
}

/** The days of all reports on the board: each its own, or the same for all. */
function DaysMenu(props: {
  last: number | undefined;
  onChange: (last: number | undefined) => void;
}) {
  const { last } = props;
  const name = last === undefined ? 'Days as saved' : `Last ${last} days`;
  const choices = [undefined, ...LAST_DAYS];
  return (
    <Menu position="bottom-end" width={190} offset={4}>
      <Menu.Target>
        <button type="button" className="btn" aria-label={`Days: ${name}`}>
          <Calendar size={14} aria-hidden /> {name} <ChevronDown size={12} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((one) => (
          <Menu.Item
            key={one ?? 'saved'}
            rightSection={one === last ? <Check size={14} aria-label="chosen" /> : null}
            onClick={() => props.onChange(one)}
          >
            {one === undefined ? 'As each was saved' : `Last ${one} days`}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
