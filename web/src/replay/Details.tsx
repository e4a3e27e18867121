import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDownToDot, ArrowUpRight, Search } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';

import { HttpError } from '../api/http';
import { personQuery, personReplaysQuery } from '../api/queries';
import type { MarkerKind, ReplayDetail } from '../api/types';
import { Avatar } from '../feed/Avatar';
import { BookmarkNote } from './BookmarkNote';
import { useNow } from '../lib/hooks';
import { Copy } from '../lib/Copy';
import {
  ago,
  bytes,
  clock,
  count,
  exact,
  path,
  personLabel,
  propertyName,
  spell,
  when,
} from '../lib/format';
import { GROUPS, type Deed, currentRow, deeds, eventName, narrow } from './activity';
import type { ReplayController } from './controller';
import { withoutTime } from '../lib/search';
import style from './Details.module.css';
import type { ViewProps } from './ReplayView';
import { PrivacyTab } from './PrivacyTab';
import { KIND_NAMES, SignShape } from './Sign';
import { LEAD_MS } from './steps';

export type PanelProps = ViewProps & { detail: ReplayDetail; controller: ReplayController | null };

const TABS = [
  ['activity', 'Activity'],
  ['person', 'Person'],
  ['privacy', 'Privacy'],
  ['info', 'Info'],
] as const;

export function Details(props: PanelProps) {
  const { detail, tab } = props;
  const { person } = detail;
  const now = useNow();
  const navigate = useNavigate();
  const show = (name: ViewProps['tab']) =>
    void navigate({ to: '.', search: (before) => ({ ...before, tab: name }), replace: true });
  const label = personLabel(person);
  const under =
    person.email && person.email !== label
      ? person.email
      : person.distinct_id !== label
        ? person.distinct_id
        : null;
  return (
    <div className={style.panel}>
      <div className={style.person}>
        <Avatar person={person} size={36} />
        <div className={style.who}>
          <h2 title={label}>
            {detail.distinct_id === '' ? (
              label
            ) : (
              <Link
                to="/projects/$project/users/$person"
                params={{ project: props.project.project_id, person: detail.distinct_id }}
                aria-label={`${label}: profile`}
              >
                {label} <ArrowUpRight size={13} aria-hidden />
              </Link>
            )}
          </h2>
          {under && <p title={under}>{under}</p>}
        </div>
        <time dateTime={detail.started_at} title={exact(detail.started_at)}>
          {ago(detail.started_at, now)}
        </time>
      </div>
      <BookmarkNote project={props.project.project_id} detail={detail} />
      <div className={style.tabs} role="tablist" aria-label="Details">
        {TABS.map(([name, title], i) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="details-tab"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => show(name)}
            onKeyDown={(event) => {
              const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (step === undefined) return;
              const next = TABS[(i + step + TABS.length) % TABS.length] as (typeof TABS)[number];
              show(next[0]);
              document.getElementById(`tab-${next[0]}`)?.focus();
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <div className={style.body} role="tabpanel" id="details-tab" aria-labelledby={`tab-${tab}`}>
        {tab === 'activity' && <Activity {...props} />}
        {tab === 'person' && <PersonTab {...props} />}
        {tab === 'privacy' && <PrivacyTab {...props} />}
        {tab === 'info' && <Info {...props} />}
      </div>
    </div>
  );
}

const ROW = 32;

/** What happened, in order; it follows the playhead. */
export function Activity({ detail, controller }: Pick<PanelProps, 'detail' | 'controller'>) {
  const [kinds, setKinds] = useState<ReadonlySet<MarkerKind>>(new Set());
  const [text, setText] = useState('');
  const [follow, setFollow] = useState(true);
  const all = useMemo(() => deeds(detail), [detail]);
  const rows = useMemo(() => narrow(all, kinds, text), [all, kinds, text]);
  const current = useSyncExternalStore(controller?.subscribe ?? (() => () => undefined), () =>
    controller ? currentRow(rows, controller.snapshot().at_ms) : -1,
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  useEffect(() => {
    if (follow && current >= 0) virtual.scrollToIndex(current, { align: 'center' });
  }, [follow, current, virtual]);

  const groups = GROUPS.map((group) => ({
    ...group,
    total: all.filter((deed) => group.kinds.includes(deed.kind)).length,
  })).filter((group) => group.total > 0);
  const toggle = (of: MarkerKind[]) => {
    const next = new Set(kinds);
    const on = of.some((kind) => next.has(kind));
    for (const kind of of) {
      if (on) next.delete(kind);
      else next.add(kind);
    }
    setKinds(next);
  };

  return (
    <>
      <div className={style.tools}>
        <div className={style.search}>
          <Search size={13} aria-hidden />
          <input
            type="text"
            aria-label="Search what happened"
            placeholder="Search what happened"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <div className={style.kinds} role="group" aria-label="Show only">
          {groups.map((group) => (
            <button
              key={group.name}
              type="button"
              aria-pressed={group.kinds.some((kind) => kinds.has(kind))}
              onClick={() => toggle(group.kinds)}
            >
              <SignShape kind={group.kinds[0] as MarkerKind} size={10} /> {group.name}{' '}
              <span>{count(group.total)}</span>
            </button>
          ))}
        </div>
      </div>
      {rows.length === 0 ? (
        <p className={style.none}>
          {all.length > 0
            ? 'Nothing here matches.'
            : detail.status === 'masking'
              ? 'It is listed here once the replay has been masked.'
              : 'Nothing was noted in this visit yet.'}
        </p>
      ) : (
        <div
          ref={scroller}
          className={style.list}
          onWheel={() => setFollow(false)}
          onTouchMove={() => setFollow(false)}
        >
          <ol style={{ height: virtual.getTotalSize(), position: 'relative' }}>
            {virtual.getVirtualItems().map((item) => {
              const deed = rows[item.index] as Deed;
              return (
                <li key={item.key} style={{ transform: `translateY(${item.start}px)` }}>
                  <button
                    type="button"
                    className={style.row}
                    data-kind={deed.kind}
                    data-past={item.index <= current || undefined}
                    aria-current={item.index === current ? 'step' : undefined}
                    disabled={!controller}
                    onClick={() => {
                      controller?.seek(deed.at_ms - (deed.kind === 'page' ? 0 : LEAD_MS));
                      setFollow(true);
                    }}
                  >
                    <time>{clock(deed.at_ms - detail.first_ms)}</time>
                    <SignShape kind={deed.kind} />
                    <span className={style.what} title={deed.label}>
                      <Wording deed={deed} />
                    </span>
                    {deed.count > 1 && <span className={style.times}>×{deed.count}</span>}
                  </button>
                </li>
              );
            })}
          </ol>
        </div>
      )}
      {!follow && controller && rows.length > 0 && (
        <button type="button" className={`btn ${style.follow}`} onClick={() => setFollow(true)}>
          <ArrowDownToDot size={14} aria-hidden /> Follow the playhead
        </button>
      )}
    </>
  );
}

function Wording({ deed }: { deed: Deed }): ReactNode {
  switch (deed.kind) {
    case 'page':
      return path(deed.label);
    case 'click':
      return deed.label ? (
        <>
          <em>Clicked</em> {deed.label}
        </>
      ) : (
        <em>Clicked</em>
      );
    case 'input':
      return deed.label ? (
        <>
          <em>Typed in</em> {deed.label}
        </>
      ) : (
        <em>Typed</em>
      );
    case 'rage_click':
      return deed.label || 'Rage click';
    case 'event':
      return eventName(deed.label);
    case 'error':
      return deed.label;
    case 'gap':
    case 'storm':
    case 'oversize':
      return deed.label || KIND_NAMES[deed.kind];
  }
}

function PersonTab({ detail, project, replay }: PanelProps) {
  const known = detail.distinct_id !== '';
  const person = useQuery({
    ...personQuery(project.project_id, detail.distinct_id),
    enabled: known,
  });
  const replays = useQuery({
    ...personReplaysQuery(project.project_id, detail.distinct_id),
    enabled: known,
  });
  const now = useNow();
  const properties = Object.entries(person.data?.properties ?? {});
  const others = (replays.data?.results ?? []).filter((row) => row.replay_id !== replay);
  if (!known) {
    return <p className={style.none}>This recording does not say whose it is.</p>;
  }
  return (
    <div className={style.facts}>
      <Link
        className={`btn ${style.profile}`}
        to="/projects/$project/users/$person"
        params={{ project: project.project_id, person: detail.distinct_id }}
      >
        Open profile <ArrowUpRight size={14} aria-hidden />
      </Link>
      <dl>
        <Fact name="User id">
          <span className={style.id}>
            <code>{detail.distinct_id}</code>
            <Copy text={detail.distinct_id} label="Copy the user id" />
          </span>
        </Fact>
        {person.data?.first_seen && (
          <Fact name="First seen">
            <span title={exact(person.data.first_seen)}>{when(person.data.first_seen, now)}</span>
          </Fact>
        )}
        {person.data?.last_seen && (
          <Fact name="Last seen">
            <span title={exact(person.data.last_seen)}>{when(person.data.last_seen, now)}</span>
          </Fact>
        )}
      </dl>
      <h3>Properties</h3>
      {properties.length > 0 ? (
        <dl>
          {properties.map(([name, value]) => (
            <Fact key={name} name={propertyName(name)}>
              {shown(value)}
            </Fact>
          ))}
        </dl>
      ) : (
        <p className={style.faint}>
          {person.isPending ? 'Loading…' : 'None yet. people.set() on your site sets them.'}
        </p>
      )}
      <h3>Other replays</h3>
      {others.length > 0 ? (
        <ul className={style.others}>
          {others.map((row) => (
            <li key={row.replay_id}>
              <Link
                to="/projects/$project/replays/$replay"
                params={{ project: project.project_id, replay: row.replay_id }}
                search={withoutTime}
              >
                <span>{row.start_url ? path(row.start_url) : '—'}</span>
                <span className="num">{clock(row.duration_ms)}</span>
                <time dateTime={row.started_at} title={exact(row.started_at)}>
                  {ago(row.started_at, now)}
                </time>
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <p className={style.faint}>
          {replays.isPending
            ? 'Loading…'
            : replays.error && !missing(replays.error)
              ? 'They could not be loaded.'
              : 'This is the only one.'}
        </p>
      )}
    </div>
  );
}

const missing = (error: Error) => error instanceof HttpError && error.status === 404;

function shown(value: unknown): string {
  if (value === null || value === undefined) return '(not set)';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

function Info({ detail }: PanelProps) {
  const now = useNow();
  return (
    <div className={style.facts}>
      <dl>
        <Fact name="Started">{exact(detail.started_at)}</Fact>
        <Fact name="Length">
          {clock(detail.duration_ms)} <em>{spell(detail.active_ms)} active</em>
        </Fact>
        <Fact name="Browser">{detail.browser ?? '(not set)'}</Fact>
        <Fact name="System">{detail.os ?? '(not set)'}</Fact>
        <Fact name="Device">{detail.device ?? '(not set)'}</Fact>
        {detail.viewport && (
          <Fact name="Viewport">
            {detail.viewport.width} × {detail.viewport.height}
          </Fact>
        )}
      </dl>
      <h3>Recording</h3>
      <dl>
        {detail.library && (
          <Fact name="SDK">
            {detail.library.name} {detail.library.version}
          </Fact>
        )}
        <Fact name="Size">
          <span title={`${detail.size_bytes.toLocaleString('en')} bytes`}>
            {bytes(detail.size_bytes)}
          </span>
        </Fact>
        <Fact name="rrweb events">{count(detail.event_count)}</Fact>
        {detail.gaps.length > 0 && (
          <Fact name="Missing parts">
            {count(detail.gaps.length)}{' '}
            <em>{spell(detail.gaps.reduce((sum, [from, to]) => sum + to - from, 0))} in all</em>
          </Fact>
        )}
        <Fact name="Kept until">
          <span title={exact(detail.expires_at)}>{until(detail.expires_at, now)}</span>
        </Fact>
        <Fact name="Replay id">
          <span className={style.id}>
            <code>{detail.replay_id}</code>
            <Copy text={detail.replay_id} label="Copy the replay id" />
          </span>
        </Fact>
      </dl>
    </div>
  );
}

function until(time: string, now: number): string {
  const days = Math.ceil((new Date(time).getTime() - now) / 86_400_000);
  const date = new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return days > 0 ? `${date} (${days} ${days === 1 ? 'day' : 'days'} left)` : date;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt title={name}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
