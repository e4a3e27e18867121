import { Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Bookmark, CloudOff, Ellipsis, Link2, Pencil, SearchX, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { HttpError } from '../api/http';
import { type SavedReport, savedQuery } from '../api/saved';
import { useCopy } from '../lib/Copy';
import { NameDialog } from '../lib/Dialog';
import { exact, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { SearchField } from '../lib/SearchField';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import { DeleteReport } from './DeleteReport';
import { KINDS } from './kinds';
import { linkTo } from './links';
import style from './List.module.css';
import { useSaved } from './useSaved';

export interface SavedSearch {
  q?: string;
  kind?: SavedReport['kind'];
}

/** Everything that was saved under a name. */
export function SavedScreen() {
  const project = useProject().project_id;
  const search: SavedSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const saved = useQuery(savedQuery(project));
  const now = useNow();
  const { q = '', kind } = search;
  const narrow = (next: SavedSearch) =>
    void navigate({
      to: '.',
      search: {
        ...(next.q ? { q: next.q } : {}),
        ...(next.kind ? { kind: next.kind } : {}),
      } as never,
      replace: true,
    });

  const all = saved.data ?? [];
  const wanted = q.trim().toLowerCase();
  const matching = all.filter((one) =>
    `${one.name}\n${one.description}`.toLowerCase().includes(wanted),
  );
  const shown = matching.filter((one) => !kind || one.kind === kind);
  const kinds = (Object.keys(KINDS) as SavedReport['kind'][]).filter((one) =>
    all.some((report) => report.kind === one),
  );
  return (
    <div className={style.screen}>
      <div className={style.column}>
        <header className={style.title}>
          <h1>Saved</h1>
        </header>
        {saved.isError && !saved.data ? (
          <Trouble
            icon={<CloudOff size={18} />}
            title="The saved reports could not be loaded"
            retry={() => void saved.refetch()}
          >
            {saved.error instanceof HttpError
              ? saved.error.message
              : 'The server could not be reached.'}
          </Trouble>
        ) : saved.data?.length === 0 ? (
          <Trouble
            icon={<Bookmark size={18} />}
            title="Nothing is saved yet"
            action={
              <Link className="btn" to="/projects/$project/insights" params={{ project }}>
                Ask something
              </Link>
            }
          >
            <b>Save</b> in the head of a report keeps its question under a name, for everyone of the
            project. In the head of the replays’ feed it makes a playlist of the filters.
          </Trouble>
        ) : (
          <>
            <div className={style.tools}>
              <div className={style.search}>
                <SearchField
                  value={q}
                  label="Search the saved reports"
                  placeholder="Search…"
                  onChange={(q) => narrow({ ...search, q })}
                />
              </div>
              <div className={style.kinds} role="group" aria-label="Kind">
                {kinds.length > 1 &&
                  [undefined, ...kinds].map((one) => (
                    <button
                      key={one ?? 'all'}
                      type="button"
                      aria-pressed={kind === one}
                      onClick={() => narrow({ q, ...(one ? { kind: one } : {}) })}
                    >
                      {one ? KINDS[one].plural : 'All'}
                      <em>
                        {(one ? matching.filter((report) => report.kind === one) : matching).length}
                      </em>
                    </button>
                  ))}
              </div>
            </div>
            <ul className={style.list} aria-busy={!saved.data} aria-label="Saved reports">
              {saved.data
                ? shown.map((report) => (
                    <Row key={report.report_id} project={project} report={report} now={now} />
                  ))
                : Array.from({ length: 5 }, (_, i) => <RowBones key={i} />)}
            </ul>
            {saved.data && shown.length === 0 && (
              <Trouble
                icon={<SearchX size={18} />}
                title="Nothing saved matches"
                action={
                  <button type="button" className="btn" onClick={() => narrow({})}>
                    Show all
                  </button>
                }
              >
                The search looks at names and descriptions.
              </Trouble>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function Row({ project, report, now }: { project: string; report: SavedReport; now: number }) {
  const { change } = useSaved(project);
  const [dialog, setDialog] = useState<'rename' | 'delete' | null>(null);
  const [copied, copy] = useCopy();
  const { icon: Icon, name, noun } = KINDS[report.kind];
  return (
    <li className={style.row}>
      <span className={style.icon}>
        <Icon size={16} strokeWidth={1.75} aria-hidden />
      </span>
      <div className={style.what}>
        <Link
          to="/projects/$project/saved/$report"
          params={{ project, report: report.report_id }}
          className={style.name}
        >
          {report.name}
        </Link>
        <p>
          <span>{name}</span>
          {report.description && <span>{report.description}</span>}
        </p>
      </div>
      <span className={style.when} title={exact(report.updated_at)}>
        {when(report.updated_at, now)}
        {report.created_by && <span>by {report.created_by}</span>}
      </span>
      <Menu position="bottom-end" width={210} offset={4}>
        <Menu.Target>
          <button type="button" className="icon" aria-label={`More about ${report.name}`}>
            <Ellipsis size={17} strokeWidth={1.75} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Pencil size={14} />} onClick={() => setDialog('rename')}>
            Rename or describe…
          </Menu.Item>
          <Menu.Item
            leftSection={<Link2 size={14} />}
            onClick={() => copy(new URL(linkTo(project, report), location.origin).href)}
          >
            Copy link
          </Menu.Item>
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
      <span className="unseen" role="status">
        {copied ? 'Link copied' : ''}
      </span>
      {dialog === 'rename' && (
        <NameDialog
          title={`Rename this ${noun}`}
          action="Save"
          given={report}
          placeholder="Name"
          otherwise="The name is as it was."
          act={(naming) => change(report.report_id, naming)}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'delete' && (
        <DeleteReport project={project} report={report} onClose={() => setDialog(null)} />
      )}
    </li>
  );
}

export function RowBones() {
  return (
    <li className={style.row} aria-hidden>
      <span className={style.icon} />
      <div className={style.what}>
        <div className="bone" style={{ width: 180, height: 12, margin: '4px 0 8px' }} />
        <div className="bone" style={{ width: 260, maxWidth: '100%', height: 10 }} />
      </div>
    </li>
  );
}
