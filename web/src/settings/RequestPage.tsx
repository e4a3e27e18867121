import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import {
  ChevronLeft,
  CircleOff,
  Download,
  Printer,
  RefreshCw,
  ShieldCheck,
  TriangleAlert,
} from 'lucide-react';
import type { ReactNode } from 'react';

import {
  type DataRequest,
  type Kind,
  type Receipt,
  checkAgain,
  downloadPath,
  requestQuery,
} from '../api/governance';
import { HttpError } from '../api/http';
import type { Project } from '../api/types';
import { Copy } from '../lib/Copy';
import { exact, moment, plural } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import { Fault } from '../lib/Form';
import { NotLoaded, Points } from './parts';
import style from './Receipt.module.css';
import { Cancel } from './RequestsSection';
import { State } from './State';
import turns from './State.module.css';
import { KIND_NAMES, byStore, capital, storeName, sum, whole } from './dataWords';

export const DeletionPage = () => <RequestPage kind="deletion" />;
export const RetrievalPage = () => <RequestPage kind="retrieval" />;

/** One request: how far it is, and at its end the receipt, to be understood and printed by who answers for privacy. */
function RequestPage({ kind }: { kind: Kind }) {
  const project = useProject();
  const { request: id = '' } = useParams({ strict: false });
  const { data: request, error, refetch } = useQuery(requestQuery(project.project_id, kind, id));
  const back = (
    <Link
      className={style.back}
      to="/projects/$project/settings/requests"
      params={{ project: project.project_id }}
    >
      <ChevronLeft size={14} aria-hidden /> Deletion & retrieval
    </Link>
  );
  if (request)
    return (
      <>
        {back}
        <Request project={project} request={request} />
      </>
    );
  if (error instanceof HttpError && error.status === 404)
    return (
      <>
        {back}
        <Trouble icon={<CircleOff size={18} />} title="There is no such request">
          The link may be mistyped, or belong to another project than {project.name}.
        </Trouble>
      </>
    );
  if (error)
    return (
      <>
        {back}
        <NotLoaded what="The request" error={error} retry={() => void refetch()} />
      </>
    );
  return (
    <>
      {back}
      <div aria-busy="true" aria-label="Loading the request" role="status">
        <div className="bone" style={{ width: 240, height: 20, margin: '6px 0 28px' }} />
        {[0, 1, 2, 3, 4].map((i) => (
          <div
            key={i}
            className="bone"
            style={{ width: 420 - i * 40, maxWidth: '100%', height: 11, margin: '14px 0' }}
          />
        ))}
      </div>
    </>
  );
}

function Request({ project, request }: { project: Project; request: DataRequest }) {
  const { kind, state, receipt } = request;
  return (
    <article aria-labelledby="request">
      <header className={style.head}>
        <div>
          <h2 id="request">{capital(`${KIND_NAMES[kind]} of ${request.subject_text}`)}</h2>
          <State request={request} />
        </div>
        <div className={style.actions}>
          {state === 'waiting' && <Cancel project={project.project_id} request={request} />}
          {request.download_url && (
            <a className="btn primary" href={downloadPath(project.project_id, request)} download>
              <Download size={14} aria-hidden /> Download ZIP
            </a>
          )}
          {receipt !== null && (
            <button type="button" className="btn" onClick={() => window.print()}>
              <Printer size={14} aria-hidden /> Print
            </button>
          )}
        </div>
      </header>
      <p className={style.meaning} role="status">
        <Meaning request={request} project={project} />
      </p>
      {receipt && <Checked project={project} request={request} receipt={receipt} />}
      {receipt && (
        <section className={style.part} aria-labelledby="removed">
          <h3 id="removed">What was removed</h3>
          <Lines lines={receipt.removed} none="Nothing was found that had to be removed." />
        </section>
      )}
      <section className={style.part} aria-labelledby="about">
        <h3 id="about">About this request</h3>
        <dl className={style.facts}>
          <Fact name="Project">{project.name}</Fact>
          <Fact name="Asked for by">{request.requested_by || 'Unknown'}</Fact>
          {request.compliance_type && request.what === 'person' && (
            <Fact name="Under">{request.compliance_type}</Fact>
          )}
          <Fact name="Asked">{exact(request.created_at)}</Fact>
          {request.started_at && <Fact name="Began">{exact(request.started_at)}</Fact>}
          {request.finished_at && (
            <Fact name={state === 'cancelled' ? 'Cancelled' : 'Finished'}>
              {exact(request.finished_at)}
            </Fact>
          )}
          <Fact name="Request id">
            <span className={style.id}>
              <code>{request.request_id}</code>
              <Copy text={request.request_id} label="Copy the request id" />
            </span>
          </Fact>
        </dl>
      </section>
      {kind === 'deletion' && state === 'done' && (
        <section className={style.part} aria-labelledby="notes">
          <h3 id="notes">Good to know</h3>
          <Points>{NOTES[request.what]}</Points>
        </section>
      )}
    </article>
  );
}

const BACKUPS =
  'Backups made earlier still hold it. Restoring one deletes it again before anyone can read it.';
const ELSEWHERE =
  'Files that were downloaded, exported or handed out earlier are outside Playhead: delete those yourself.';

const NOTES: Record<DataRequest['what'], string[]> = {
  person: [
    'This receipt names nobody: the ids that were asked for are not kept once they are gone.',
    'What open tabs or phones that were offline still send of the time before is refused.',
    BACKUPS,
    ELSEWHERE,
  ],
  replays: ['The analytics events of the visits stay.', BACKUPS, ELSEWHERE],
  stretch: ['The rest of the replay can be watched as before.', BACKUPS, ELSEWHERE],
  event: ['If the site goes on sending it, new ones are stored.', BACKUPS, ELSEWHERE],
  property: ['If the site goes on sending it, it is stored again.', BACKUPS, ELSEWHERE],
};

function Meaning({ request, project }: { request: DataRequest; project: Project }): ReactNode {
  const now = useNow(1_000);
  const spent = now - new Date(request.created_at).getTime();
  const starts = Math.ceil((10_000 - spent) / 1_000);
  const deletes = request.kind === 'deletion';
  switch (request.state) {
    case 'waiting':
      return deletes
        ? `It can’t be read any more. Removing it begins ${starts > 0 ? `in ${starts} s` : 'in a moment'}; until then you can cancel, and it is there again.`
        : 'It waits for its turn, and begins by itself.';
    case 'running':
      return deletes
        ? 'It is being removed from every store. You can leave this page; a restart does not stop it.'
        : 'The files are being put together. You can leave this page; a restart does not stop it.';
    case 'done': {
      if (!deletes)
        return request.download_url
          ? `The ZIP can be downloaded until ${request.expires_at ? moment(request.expires_at) : 'it expires'}. It holds everything that ${project.name} knows about them: hand it to nobody else.`
          : 'The ZIP has expired and is deleted. Ask again for a new one.';
      const items = request.receipt ? sum(request.receipt.removed) : 0;
      return items > 0
        ? `${plural(items, 'item')} ${items === 1 ? 'was' : 'were'} removed for good.`
        : 'There was nothing to remove.';
    }
    case 'failed':
      return `${request.error || 'The reason is not known.'}${deletes ? ' What it is about still can’t be read.' : ''}`;
    case 'cancelled':
      return deletes
        ? 'Cancelled before it began. Nothing was removed, and everything can be read again.'
        : 'Cancelled before it began. No file was made.';
  }
}

/** Whether the stores were found empty, when, and the way to look again. */
function Checked(props: { project: Project; request: DataRequest; receipt: Receipt }) {
  const { project, request, receipt } = props;
  const queries = useQueryClient();
  const check = useMutation({
    mutationFn: () => checkAgain(project.project_id, request.request_id),
    onSuccess: (fresh) =>
      queries.setQueryData(
        requestQuery(project.project_id, 'deletion', request.request_id).queryKey,
        fresh,
      ),
  });
  const Icon = receipt.clean ? ShieldCheck : TriangleAlert;
  return (
    <div className={style.checked} data-left={receipt.clean ? undefined : true}>
      <Icon size={20} strokeWidth={1.75} aria-hidden />
      <div>
        <b>{receipt.clean ? 'Nothing is left' : `${plural(sum(receipt.left), 'item')} left`}</b>
        <p>
          {receipt.checked_at
            ? `Every store was read again on ${moment(receipt.checked_at)}${receipt.clean ? ' and holds none of it.' : ':'}`
            : 'The stores have not been read again yet.'}
        </p>
        {!receipt.clean && (
          <>
            <Lines lines={receipt.left} none="" />
            <p>It can’t be read. Check again in a minute; if it stays, look at Status.</p>
          </>
        )}
        <Fault error={check.error} />
      </div>
      <button
        type="button"
        className="btn"
        disabled={check.isPending}
        onClick={() => check.mutate()}
      >
        <RefreshCw size={14} aria-hidden className={check.isPending ? turns.turning : undefined} />
        {check.isPending ? 'Reading…' : 'Check again'}
      </button>
    </div>
  );
}

function Lines({ lines, none }: { lines: Receipt['removed']; none: string }) {
  if (lines.length === 0) return <p className={style.none}>{none}</p>;
  return (
    <table className={style.lines}>
      <thead className="unseen">
        <tr>
          <th scope="col">Where</th>
          <th scope="col">What</th>
          <th scope="col">How many</th>
        </tr>
      </thead>
      <tbody>
        {byStore(lines).flatMap(([store, its]) =>
          its.map((line, i) => (
            <tr key={`${store} ${line.what}`}>
              {i === 0 && (
                <th scope="rowgroup" rowSpan={its.length}>
                  {storeName(store)}
                </th>
              )}
              <td>{capital(line.what)}</td>
              <td>{whole(line.count)}</td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
