import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CloudOff, LayoutDashboard, Plus } from 'lucide-react';
import { useState } from 'react';

import { HttpError } from '../api/http';
import { type Board, boardsQuery, makeBoard } from '../api/saved';
import { NameDialog } from '../lib/Dialog';
import { exact, plural, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { RowBones } from '../saved/SavedScreen';
import style from '../saved/List.module.css';
import { useProject } from '../shell/session';
import { BoardMenu } from './BoardMenu';

export function BoardsScreen() {
  const project = useProject().project_id;
  const boards = useQuery(boardsQuery(project));
  const now = useNow();
  const [making, setMaking] = useState(false);
  const add = (
    <button type="button" className="btn primary" onClick={() => setMaking(true)}>
      <Plus size={15} aria-hidden /> New board
    </button>
  );
  const none = boards.data?.length === 0;
  return (
    <div className={style.screen}>
      <div className={style.column}>
        <header className={style.title}>
          <h1>Boards</h1>
          {!none && add}
        </header>
        {boards.isError && !boards.data ? (
          <Trouble
            icon={<CloudOff size={18} />}
            title="The boards could not be loaded"
            retry={() => void boards.refetch()}
          >
            {boards.error instanceof HttpError
              ? boards.error.message
              : 'The server could not be reached.'}
          </Trouble>
        ) : none ? (
          <Trouble icon={<LayoutDashboard size={18} />} title="No board yet" action={add}>
            A board puts saved reports and playlists side by side, each asked anew whenever the
            board is opened, with notes between them.
          </Trouble>
        ) : (
          <ul className={style.list} aria-busy={!boards.data} aria-label="Boards">
            {boards.data
              ? boards.data.map((board) => (
                  <Row key={board.board_id} project={project} board={board} now={now} />
                ))
              : Array.from({ length: 4 }, (_, i) => <RowBones key={i} />)}
          </ul>
        )}
      </div>
      {making && <NewBoard project={project} onClose={() => setMaking(false)} />}
    </div>
  );
}

function Row({ project, board, now }: { project: string; board: Board; now: number }) {
  const reports = board.cards.filter((card) => card.report_id !== null).length;
  const notes = board.cards.length - reports;
  const holds = [
    ...(reports > 0 ? [plural(reports, 'report')] : []),
    ...(notes > 0 ? [plural(notes, 'note')] : []),
  ].join(', ');
  return (
    <li className={style.row}>
      <span className={style.icon}>
        <LayoutDashboard size={16} strokeWidth={1.75} aria-hidden />
      </span>
      <div className={style.what}>
        <Link
          to="/projects/$project/boards/$board"
          params={{ project, board: board.board_id }}
          className={style.name}
        >
          {board.name}
        </Link>
        <p>
          <span>{holds || 'Empty'}</span>
          {board.description && <span>{board.description}</span>}
        </p>
      </div>
      <span className={style.when} title={exact(board.updated_at)}>
        {when(board.updated_at, now)}
        {board.created_by && <span>by {board.created_by}</span>}
      </span>
      <BoardMenu project={project} board={board} />
    </li>
  );
}

export function NewBoard({ project, onClose }: { project: string; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <NameDialog
      title="New board"
      action="Make the board"
      placeholder="The shop, every morning"
      otherwise="No board was made."
      act={async (naming) => {
        const board = await makeBoard(project, naming);
        client.setQueryData(['board', project, board.board_id], board);
        void client.invalidateQueries(boardsQuery(project));
        await navigate({
          to: '/projects/$project/boards/$board',
          params: { project, board: board.board_id },
        });
      }}
      onClose={onClose}
    />
  );
}
