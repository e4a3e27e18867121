import { Menu } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronDown, Download, FileArchive, Plus, Trash2, UserRoundCheck } from 'lucide-react';

import {
  type DataRequest,
  type Kind,
  cancelRequest,
  downloadPath,
  requestsQuery,
} from '../api/governance';
import { reason } from '../api/http';
import { ago, exact } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import type { RequestsSearch } from '../routes';
import { useProject } from '../shell/session';
import style from './Requests.module.css';
import form from '../lib/Form.module.css';
import { NotLoaded, SectionHead } from './parts';
import { RequestDialog } from './RequestDialog';
import { State } from './State';
import { oneList, requestTitle, capital } from './dataWords';

const KINDS = [
  [undefined, 'All'],
  ['deletion', 'Deletions'],
  ['retrieval', 'Retrievals'],
] as const;

/** Answers to people who ask for their data or want to be forgotten: all of them, and how far each is. */
export function RequestsSection() {
  const project = useProject().project_id;
  const search: RequestsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(1_000);
  const deletions = useInfiniteQuery(requestsQuery(project, 'deletion'));
  const retrievals = useInfiniteQuery(requestsQuery(project, 'retrieval'));
  const wanted = [
    { kind: 'deletion', pages: deletions },
    { kind: 'retrieval', pages: retrievals },
  ].filter(({ kind }) => search.kind === undefined || kind === search.kind);
  const rows = oneList(
    wanted.map(({ pages }) => ({
      rows: (pages.data?.pages ?? []).flatMap((page) => page.results),
      more: pages.hasNextPage,
    })),
  );
  const loading = wanted.some(({ pages }) => pages.isPending);
  const failed = wanted.find(({ pages }) => pages.error && !pages.data)?.pages;
  const more = wanted.filter(({ pages }) => pages.hasNextPage);
  const set = (patch: RequestsSearch) =>
    void navigate({
      to: '/projects/$project/settings/requests',
      params: { project },
      search: patch,
      replace: true,
    });
  const ask = (kind: Kind | undefined) =>
    set({ ...(search.kind ? { kind: search.kind } : {}), ...(kind ? { new: kind } : {}) });
  const start = (
    <Menu position="bottom-end" width={230} offset={4}>
      <Menu.Target>
        <button type="button" className="btn primary">
          <Plus size={15} aria-hidden /> New request <ChevronDown size={13} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<FileArchive size={14} />} onClick={() => ask('retrieval')}>
          Get someone’s data…
        </Menu.Item>
        <Menu.Item data-danger leftSection={<Trash2 size={14} />} onClick={() => ask('deletion')}>
          Delete data…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <>
      <SectionHead title="Deletion & retrieval" action={start}>
        For people who ask for their data, or want to be forgotten. A deletion leaves a receipt, a
        retrieval a ZIP.
      </SectionHead>
      {failed?.error ? (
        <NotLoaded what="The requests" error={failed.error} retry={() => void failed.refetch()} />
      ) : !loading && rows.length === 0 && search.kind === undefined ? (
        <Trouble icon={<UserRoundCheck size={18} />} title="No request yet">
          Begin one here with somebody’s ids, or from the menu on their page under Users.
        </Trouble>
      ) : (
        <>
          <div className={style.kinds} role="group" aria-label="Show">
            {KINDS.map(([kind, name]) => (
              <button
                key={name}
                type="button"
                aria-pressed={search.kind === kind}
                onClick={() => set(kind ? { kind } : {})}
              >
                {name}
              </button>
            ))}
          </div>
          {!loading && rows.length === 0 ? (
            <Trouble title={`No ${search.kind ?? 'request'} yet`} />
          ) : (
            <table className={style.table} aria-busy={loading}>
              <caption className="unseen">Requests, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">Request</th>
                  <th scope="col">By</th>
                  <th scope="col">Asked</th>
                  <th scope="col">State</th>
                  <th scope="col">
                    <span className="unseen">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {loading
                  ? [0, 1, 2, 3, 4].map((i) => <Bone key={i} at={i} />)
                  : rows.map((row) => (
                      <Row key={row.request_id} project={project} row={row} now={now} />
                    ))}
              </tbody>
            </table>
          )}
          {!loading && more.length > 0 && (
            <div className={style.more}>
              <button
                type="button"
                className="btn"
                disabled={more.some(({ pages }) => pages.isFetchingNextPage)}
                onClick={() => more.forEach(({ pages }) => void pages.fetchNextPage())}
              >
                Show older requests
              </button>
            </div>
          )}
        </>
      )}
      {search.new && <RequestDialog kind={search.new} onClose={() => ask(undefined)} />}
    </>
  );
}

function Row({ project, row, now }: { project: string; row: DataRequest; now: number }) {
  const Icon = row.kind === 'deletion' ? Trash2 : FileArchive;
  return (
    <tr>
      <th scope="row">
        <Link
          className={style.subject}
          to={`/projects/$project/settings/requests/${row.kind}s/$request` as const}
          params={{ project, request: row.request_id }}
        >
          <Icon size={15} strokeWidth={1.75} aria-hidden />
          {capital(requestTitle(row))}
        </Link>
      </th>
      <td className={style.faint}>{row.requested_by || '–'}</td>
      <td className={style.faint}>
        <time dateTime={row.created_at} title={exact(row.created_at)}>
          {ago(row.created_at, now)}
        </time>
      </td>
      <td>
        <State request={row} />
      </td>
      <td className={style.end}>
        {row.state === 'waiting' && <Cancel project={project} request={row} />}
        {row.kind === 'retrieval' && row.download_url && (
          <a
            className={`icon ${style.over}`}
            href={downloadPath(project, row)}
            download
            aria-label={`Download the ZIP of ${row.subject_text}`}
            title="Download the ZIP"
          >
            <Download size={15} aria-hidden />
          </a>
        )}
      </td>
    </tr>
  );
}

export function Cancel({ project, request }: { project: string; request: DataRequest }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelRequest(project, request.kind, request.request_id),
    onSettled: () =>
      Promise.all(
        ['data-requests', 'data-request'].map((name) =>
          queries.invalidateQueries({ queryKey: [name, project] }),
        ),
      ),
  });
  return (
    <>
      <button
        type="button"
        className={`btn ${style.over}`}
        disabled={cancel.isPending}
        onClick={() => cancel.mutate()}
      >
        {cancel.isPending ? 'Cancelling…' : 'Cancel'}
      </button>
      {cancel.error && (
        <span className={form.fault} role="alert">
          {reason(cancel.error, 'It goes on.')}
        </span>
      )}
    </>
  );
}

function Bone({ at }: { at: number }) {
  return (
    <tr aria-hidden>
      <th scope="row">
        <div className="bone" style={{ width: 170 + ((at * 37) % 60), height: 11 }} />
      </th>
      {[76, 40, 110].map((width) => (
        <td key={width}>
          <div className="bone" style={{ width, height: 11 }} />
        </td>
      ))}
      <td />
    </tr>
  );
}
