import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import {
  Bookmark,
  ChevronDown,
  LayoutDashboard,
  Link2,
  Pencil,
  Plus,
  Save,
  Trash2,
  Undo2,
} from 'lucide-react';
import { useEffect, useState } from 'react';

import { HttpError } from '../api/http';
import { type Board, type SavedKind, type SavedReport, boardsQuery } from '../api/saved';
import { useCopy } from '../lib/Copy';
import { NameDialog } from '../lib/Dialog';
import { parseSearch } from '../lib/search';
import { remember } from '../shell/recent';
import { useProject } from '../shell/session';
import { DeleteReport } from './DeleteReport';
import { KINDS } from './kinds';
import { linkTo } from './links';
import { type NamedSearch, asksSomething, questionOf } from './search';
import style from './Saved.module.css';
import { useSaved } from './useSaved';

const SOME_BOARDS = 7;
const EXAMPLE = { report: 'Orders by browser', playlist: 'Rage clicks on phones' };

/**
 * In the head of a screen that asks something: saves the address under a name, and says which saved report is open and
 * whether the screen still shows what was saved.
 */
export function SaveMenu({ kind }: { kind: SavedKind }) {
  const project = useProject().project_id;
  const search: NamedSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const { saved, save, change, pin } = useSaved(project);
  const [dialog, setDialog] = useState<'new' | 'rename' | 'delete' | null>(null);
  const [told, setTold] = useState<{ text: string; board?: Board } | null>(null);
  const [, copy] = useCopy();
  const { noun } = KINDS[kind];

  const report = saved.data?.find((one) => one.report_id === search.report && one.kind === kind);
  const asked = questionOf(kind, search);
  const was = report && questionOf(kind, report.search);
  const changed = report !== undefined && asked !== was;
  const { report_id: openId, name: openName } = report ?? {};
  useEffect(() => {
    if (openId && openName) remember(project, { kind: 'report', id: openId, name: openName });
  }, [project, openId, openName]);
  const go = (to: SavedReport, question: string) =>
    void navigate({
      to: '.',
      search: { ...parseSearch(question), report: to.report_id } as never,
      replace: true,
    });
  const update = async (one: SavedReport) => {
    setTold(null);
    try {
      await change(one.report_id, { search: asked });
      setTold({ text: 'Saved.' });
    } catch (error) {
      setTold({
        text: `Not saved: ${error instanceof HttpError ? error.message : 'the server could not be reached.'}`,
      });
    }
  };
  const put = async (one: SavedReport, on: Board | null) => {
    setTold(null);
    try {
      const board = await pin(one, on);
      setTold({ text: 'Put on ', board });
    } catch (error) {
      setTold({
        text: `Not put on the board: ${error instanceof HttpError ? error.message : 'the server could not be reached.'}`,
      });
    }
  };

  if (search.report && saved.isPending) {
    return <span className="bone" style={{ width: 120, height: 12, marginTop: 10 }} aria-hidden />;
  }
  return (
    <>
      {report ? (
        <Menu position="bottom-end" width={240} offset={4}>
          <Menu.Target>
            <button
              type="button"
              className={style.open}
              aria-label={`Saved ${noun}: ${report.name}${changed ? ', changed' : ''}`}
              title={report.description || undefined}
            >
              <Bookmark size={14} fill="currentColor" aria-hidden />
              <span>{report.name}</span>
              <ChevronDown size={12} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            {changed && (
              <Menu.Item leftSection={<Save size={14} />} onClick={() => void update(report)}>
                Save changes
              </Menu.Item>
            )}
            <Menu.Item leftSection={<Plus size={14} />} onClick={() => setDialog('new')}>
              Save as a new {noun}…
            </Menu.Item>
            <Menu.Item leftSection={<Pencil size={14} />} onClick={() => setDialog('rename')}>
              Rename or describe…
            </Menu.Item>
            <Menu.Item
              leftSection={<Link2 size={14} />}
              onClick={() => {
                copy(new URL(linkTo(project, report), location.origin).href);
                setTold({ text: 'Link copied.' });
              }}
            >
              Copy link
            </Menu.Item>
            <Boards project={project} onPick={(board) => void put(report, board)} />
            <Menu.Divider />
            <Menu.Item
              data-danger
              leftSection={<Trash2 size={14} />}
              onClick={() => setDialog('delete')}
            >
              Delete {noun}…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : (
        asksSomething(kind, search) && (
          <button type="button" className={style.save} onClick={() => setDialog('new')}>
            <Bookmark size={14} aria-hidden /> Save
          </button>
        )
      )}
      {changed && (
        <p className={style.changed}>
          Changed{' · '}
          <button type="button" className="link" onClick={() => void update(report)}>
            Save changes
          </button>
          {' · '}
          <button
            type="button"
            className="link"
            aria-label={`Back to ${report.name} as it was saved`}
            onClick={() => go(report, was ?? '')}
          >
            <Undo2 size={12} aria-hidden /> Undo
          </button>
        </p>
      )}
      <p className={told ? style.changed : 'unseen'} role="status">
        {told?.text}
        {told?.board && (
          <Link
            className="link"
            to="/projects/$project/boards/$board"
            params={{ project, board: told.board.board_id }}
          >
            {told.board.name}
          </Link>
        )}
      </p>
      {dialog === 'new' && (
        <NameDialog
          title={report ? `Save as a new ${noun}` : `Save this ${noun}`}
          action={`Save ${noun}`}
          placeholder={EXAMPLE[noun]}
          otherwise="Nothing was saved."
          act={async (naming) => {
            const made = await save({ kind, ...naming, search: asked });
            setTold(null);
            go(made, asked);
          }}
          onClose={() => setDialog(null)}
        />
      )}
      {report && dialog === 'rename' && (
        <NameDialog
          title={`Rename this ${noun}`}
          action="Save"
          given={report}
          placeholder={EXAMPLE[noun]}
          otherwise="The name is as it was."
          act={(naming) => change(report.report_id, naming)}
          onClose={() => setDialog(null)}
        />
      )}
      {report && dialog === 'delete' && (
        <DeleteReport
          project={project}
          report={report}
          onDeleted={() =>
            void navigate({ to: '.', search: parseSearch(asked) as never, replace: true })
          }
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}

/** Where a report can be put. */
function Boards(props: { project: string; onPick: (board: Board | null) => void }) {
  const boards = useQuery(boardsQuery(props.project)).data ?? [];
  return (
    <>
      <Menu.Divider />
      <Menu.Label>Put on a board</Menu.Label>
      {boards.slice(0, SOME_BOARDS).map((board) => (
        <Menu.Item
          key={board.board_id}
          leftSection={<LayoutDashboard size={14} />}
          onClick={() => props.onPick(board)}
        >
          {board.name}
        </Menu.Item>
      ))}
      <Menu.Item leftSection={<Plus size={14} />} onClick={() => props.onPick(null)}>
        A new board
      </Menu.Item>
    </>
  );
}
