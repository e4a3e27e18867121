import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import {
  Cog,
  Download,
  KeyRound,
  Link2,
  type LucideIcon,
  ScrollText,
  SearchX,
  ShieldAlert,
  ShieldCheck,
  Terminal,
  UserRound,
  X,
} from 'lucide-react';
import { useMemo } from 'react';

import {
  type AuditEntry,
  type AuditFilter,
  type Verified,
  auditExportPath,
  auditQuery,
  verifyAudit,
} from '../api/governance';
import { reason } from '../api/http';
import { exact } from '../lib/format';
import { SearchField } from '../lib/SearchField';
import { Trouble } from '../lib/Trouble';
import { useMay, useProject } from '../shell/session';
import { useActors } from './actors';
import style from './Audit.module.css';
import { NotLoaded, SectionHead } from './parts';
import { Sentence } from './Sentence';
import { ACTIONS, actionName, whole } from './dataWords';

const ICONS: Record<AuditEntry['actor']['kind'], LucideIcon> = {
  member: UserRound,
  key: KeyRound,
  link: Link2,
  command: Terminal,
  system: Cog,
};

const KINDS: Record<AuditEntry['actor']['kind'], string> = {
  member: 'A member',
  key: 'An API key',
  link: 'A share link',
  command: 'The command line',
  system: 'Playhead itself',
};

/** Who did what when: to be read, searched, taken along, and held against its own chain. */
export function AuditSection() {
  const project = useProject().project_id;
  const mayManage = useMay('manage');
  const filter: AuditFilter = useSearch({ strict: false });
  const navigate = useNavigate();
  const log = useInfiniteQuery(auditQuery(project, filter));
  const entries = useMemo(
    () => (log.data?.pages ?? []).flatMap((page) => page.results),
    [log.data],
  );
  const actors = useActors(project, entries, mayManage);
  const verify = useMutation({ mutationFn: () => verifyAudit(project) });
  const narrowed = Object.keys(filter).length > 0;
  const change = (patch: AuditFilter) => {
    const next = Object.fromEntries(
      Object.entries({ ...filter, ...patch }).filter(([, value]) => value !== ''),
    );
    void navigate({
      to: '/projects/$project/settings/audit',
      params: { project },
      search: next,
      replace: true,
    });
  };
  return (
    <>
      <SectionHead
        title="Audit log"
        action={
          <span className={style.buttons}>
            <button
              type="button"
              className="btn"
              disabled={verify.isPending}
              onClick={() => verify.mutate()}
            >
              <ShieldCheck size={14} aria-hidden />
              {verify.isPending ? 'Verifying…' : 'Verify'}
            </button>
            <a className="btn" href={auditExportPath(project, filter)} download>
              <Download size={14} aria-hidden /> Export
            </a>
          </span>
        }
      >
        Who watched, shared, exported, deleted or changed what. Entries are only ever added, and
        each is chained to the one before: a gap or a change shows.
      </SectionHead>
      <div className={style.tools}>
        <div className={style.search}>
          <SearchField
            value={filter.q ?? ''}
            label="Search the log"
            placeholder="Search"
            onChange={(q) => change({ q })}
          />
        </div>
        <select
          className="field"
          aria-label="By whom"
          value={filter.actor ?? ''}
          onChange={(event) => change({ actor: event.currentTarget.value })}
        >
          <option value="">By anyone</option>
          {filter.actor !== undefined && !actors.some(([id]) => id === filter.actor) && (
            <option value={filter.actor}>{filter.actor}</option>
          )}
          {actors.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <select
          className="field"
          aria-label="What"
          value={filter.action ?? ''}
          onChange={(event) => change({ action: event.currentTarget.value })}
        >
          <option value="">Anything</option>
          {filter.action !== undefined && actionName(filter.action) === filter.action && (
            <option value={filter.action}>{filter.action}</option>
          )}
          {ACTIONS.map(([about, actions]) => (
            <optgroup key={about} label={about}>
              {actions.map(([action, name]) => (
                <option key={action} value={action}>
                  {name}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        <div className={style.dates} role="group" aria-label="When">
          <input
            type="date"
            className="field"
            aria-label="From"
            value={filter.from ?? ''}
            max={filter.to}
            onChange={(event) => change({ from: event.currentTarget.value })}
          />
          –
          <input
            type="date"
            className="field"
            aria-label="To"
            value={filter.to ?? ''}
            min={filter.from}
            onChange={(event) => change({ to: event.currentTarget.value })}
          />
        </div>
      </div>
      {(verify.data || verify.error) && (
        <Outcome found={verify.data} error={verify.error} onClose={() => verify.reset()} />
      )}
      {log.error && !log.data ? (
        <NotLoaded what="The log" error={log.error} retry={() => void log.refetch()} />
      ) : log.isPending ? (
        <Bones />
      ) : entries.length === 0 ? (
        <Trouble
          icon={narrowed ? <SearchX size={18} /> : <ScrollText size={18} />}
          title={narrowed ? 'Nothing matches' : 'Nothing yet'}
          action={
            narrowed && (
              <button
                type="button"
                className="btn"
                onClick={() => change({ q: '', actor: '', action: '', from: '', to: '' })}
              >
                Clear the filters
              </button>
            )
          }
        >
          {narrowed
            ? 'Search looks at who did what, the members and ids it was done with, and what stands in brackets.'
            : 'The first watched replay, change or log-in appears here.'}
        </Trouble>
      ) : (
        byDay(entries).map(([day, its]) => (
          <section key={day} className={style.day}>
            <h3>{day}</h3>
            <ol>
              {its.map((entry) => (
                <Entry key={entry.number} project={project} entry={entry} />
              ))}
            </ol>
          </section>
        ))
      )}
      {log.hasNextPage && (
        <div className={style.more}>
          {log.isFetchNextPageError ? (
            <span>
              Older entries could not be loaded.{' '}
              <button type="button" className="link" onClick={() => void log.fetchNextPage()}>
                Try again
              </button>
            </span>
          ) : (
            <button
              type="button"
              className="btn"
              disabled={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              {log.isFetchingNextPage ? 'Loading…' : 'Show older entries'}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function byDay(entries: AuditEntry[]): [day: string, entries: AuditEntry[]][] {
  const days = new Map<string, AuditEntry[]>();
  for (const entry of entries) {
    const day = new Date(entry.at).toLocaleDateString('en-GB', { dateStyle: 'full' });
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return [...days];
}

function Entry({ project, entry }: { project: string; entry: AuditEntry }) {
  const { actor } = entry;
  const Icon = ICONS[actor.kind];
  return (
    <li className={style.entry}>
      <time dateTime={entry.at} title={exact(entry.at)} className={style.at}>
        {new Date(entry.at).toLocaleTimeString('en-GB')}
      </time>
      <Icon size={15} strokeWidth={1.75} aria-label={KINDS[actor.kind]} />
      <p title={`${entry.action}, entry ${whole(entry.number)}`}>
        <Sentence project={project} entry={entry} />
      </p>
    </li>
  );
}

function Outcome(props: { found: Verified | undefined; error: Error | null; onClose: () => void }) {
  const { found, error } = props;
  const bad = error !== null || found?.ok === false;
  const Icon = bad ? ShieldAlert : ShieldCheck;
  return (
    <div className={style.note} data-bad={bad || undefined} role="status">
      <Icon size={18} strokeWidth={1.75} aria-hidden />
      <p>
        {error ? (
          reason(error, 'The log was not verified.')
        ) : (
          <>
            <b>
              {found?.ok
                ? `${whole(found.entries)} ${found.entries === 1 ? 'entry' : 'entries'} verified.`
                : `The chain is broken${found?.first_bad ? ` at entry ${whole(found.first_bad)}` : ''}.`}
            </b>{' '}
            {found?.message}
          </>
        )}
      </p>
      <button type="button" className="icon" aria-label="Close this note" onClick={props.onClose}>
        <X size={15} aria-hidden />
      </button>
    </div>
  );
}

function Bones() {
  return (
    <div className={style.day} aria-busy="true" aria-label="Loading the log" role="status">
      <div className="bone" style={{ width: 140, height: 10, marginBottom: 10 }} />
      {Array.from({ length: 12 }, (_, i) => (
        <div key={i} className={style.entry} aria-hidden>
          <div className={`bone ${style.at}`} style={{ width: 52, height: 10 }} />
          <div className="bone" style={{ width: 15, height: 15, borderRadius: '50%' }} />
          <div className="bone" style={{ width: 180 + ((i * 67) % 160), height: 11 }} />
        </div>
      ))}
    </div>
  );
}
