import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronRight, CircleOff, CloudOff, Play } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';

import { HttpError } from '../api/http';
import {
  type EventBehind,
  type PersonBehind,
  type ReportKind,
  allBehind,
  eventsBehindQuery,
  peopleBehindQuery,
} from '../api/reports';
import { Avatar } from '../feed/Avatar';
import { ago, count, exact, personLabel, plural, propertyName } from '../lib/format';
import { useKeys, useNow } from '../lib/hooks';
import { TableMenu } from '../lib/TableMenu';
import { Trouble } from '../lib/Trouble';
import { propertyRows } from '../people/properties';
import { useProject } from '../shell/session';
import style from './Behind.module.css';
import { BehindHead } from './BehindHead';
import { type Show, unwatched } from './parts';
import { eventsTable, peopleTable } from './tables';
import { LEAD_MS } from './Watching';
import { eventLabel } from './words';

interface Of {
  kind: ReportKind;
  body: object;
  point: object;
  /** "Dropped after Add to Cart · 18 Nov". */
  title: string;
  onClose: () => void;
}

/** View Users and View Events: the list of those behind a point, beside the report. */
export function Behind(props: Of & { show: Show }) {
  useKeys({ Escape: props.onClose });
  const name = props.show === 'people' ? 'View Users' : 'View Events';
  return (
    <>
      <div className={style.veil} onClick={props.onClose} aria-hidden />
      <section className={style.panel} aria-label={`${name}: ${props.title}`}>
        {props.show === 'people' ? <People {...props} /> : <Events {...props} />}
      </section>
    </>
  );
}

function People(props: Of) {
  const project = useProject().project_id;
  const now = useNow();
  const found = useInfiniteQuery(peopleBehindQuery(project, props.kind, props.body, props.point));
  const first = found.data?.pages[0];
  return (
    <>
      <BehindHead
        show="people"
        title={props.title}
        counted={first ? plural(first.total, 'person', 'people') : null}
        loading={found.isPending}
        onClose={props.onClose}
      >
        {first && first.total > 0 && (
          <TableMenu
            table={async () =>
              peopleTable(
                props.title,
                await allBehind<PersonBehind>(
                  'people',
                  project,
                  props.kind,
                  props.body,
                  props.point,
                ),
              )
            }
          />
        )}
      </BehindHead>
      <Rows found={found} what="people" nobody="Nobody is behind this point.">
        {found.data?.pages.flatMap((page) =>
          page.results.map((person) => (
            <li key={person.distinct_id}>
              <PersonRow project={project} person={person} now={now} />
            </li>
          )),
        )}
      </Rows>
    </>
  );
}

function PersonRow({
  project,
  person,
  now,
}: {
  project: string;
  person: PersonBehind;
  now: number;
}) {
  const label = personLabel(person);
  return (
    <Link
      to="/projects/$project/users/$person"
      params={{ project, person: person.distinct_id }}
      className={style.row}
    >
      <Avatar person={person} />
      <span className={style.who}>
        <b title={label}>{label}</b>
        <span>{person.email && person.email !== label ? person.email : person.distinct_id}</span>
      </span>
      <span className={style.number} title={person.count.toLocaleString('en')}>
        {plural(person.count, 'event')}
      </span>
      <time className={style.when} dateTime={person.last_at} title={exact(person.last_at)}>
        {ago(person.last_at, now)}
      </time>
      <ChevronRight size={14} aria-hidden />
    </Link>
  );
}

function Events(props: Of) {
  const project = useProject().project_id;
  const now = useNow();
  const navigate = useNavigate();
  const found = useInfiniteQuery(eventsBehindQuery(project, props.kind, props.body, props.point));
  const first = found.data?.pages[0];
  const watch = (replay: string, at_ms: number) =>
    void navigate({
      to: '.',
      search: (before: { point?: string }) => ({
        ...unwatched(before),
        ...(before.point === undefined ? {} : { point: before.point }),
        replay,
        t: at_ms - LEAD_MS,
      }),
    });
  return (
    <>
      <BehindHead
        show="events"
        title={props.title}
        counted={first ? plural(first.total, 'event') : null}
        loading={found.isPending}
        onClose={props.onClose}
      >
        {first && first.total > 0 && (
          <TableMenu
            table={async () =>
              eventsTable(
                props.title,
                await allBehind<EventBehind>(
                  'events',
                  project,
                  props.kind,
                  props.body,
                  props.point,
                ),
              )
            }
          />
        )}
      </BehindHead>
      <Rows found={found} what="events" nobody="No event is behind this point.">
        {found.data?.pages.flatMap((page, p) =>
          page.results.map((event, i) => (
            <li key={`${p} ${i}`}>
              <EventRow
                event={event}
                now={now}
                {...(event.replay_id !== null && event.at_ms !== null
                  ? { onWatch: watch.bind(null, event.replay_id, event.at_ms) }
                  : {})}
              />
            </li>
          )),
        )}
      </Rows>
    </>
  );
}

/** What an unfolded event says above its properties, and what says nothing of it. */
const SAID = new Set(['time', 'distinct_id', 'token']);

/** An event: when, what, who. It unfolds to its properties. */
export function EventRow(props: {
  event: Omit<EventBehind, 'replay_id' | 'at_ms'>;
  now: number;
  /** Opens the replay where the event is; not given when there is none. */
  onWatch?: () => void;
}) {
  const { event } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const label = personLabel(event.person);
  const properties = propertyRows(event.properties).filter((row) => !SAID.has(row.path));
  return (
    <>
      <div className={style.event}>
        <button
          type="button"
          className={style.unfold}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <ChevronRight size={14} aria-hidden data-open={open || undefined} />
          <time className={style.moment} dateTime={event.time} title={exact(event.time)}>
            {ago(event.time, props.now)}
          </time>
          <b title={event.event}>{eventLabel(event.event)}</b>
          <span className={style.by}>
            <Avatar person={event.person} size={18} />
            <span title={label}>{label}</span>
          </span>
        </button>
        {props.onWatch ? (
          <button
            type="button"
            className={style.watch}
            aria-label={`Watch ${eventLabel(event.event)} of ${label}`}
            onClick={props.onWatch}
          >
            <Play size={12} aria-hidden /> Watch
          </button>
        ) : (
          <span className={style.unseen}>no replay</span>
        )}
      </div>
      {open && (
        <dl id={id} className={style.properties}>
          <div>
            <dt>Time</dt>
            <dd>{exact(event.time)}</dd>
          </div>
          <div>
            <dt>User id</dt>
            <dd>
              <code>{event.distinct_id}</code>
            </dd>
          </div>
          {properties.map((row) => (
            <div key={row.path}>
              <dt title={row.path}>{propertyName(row.path)}</dt>
              <dd>{row.value}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** A list that goes on when its end comes into sight; its bones, its emptiness and its failures. */
function Rows<Page extends { results: unknown[]; total: number }>(props: {
  found: UseInfiniteQueryResult<{ pages: Page[] }>;
  what: 'people' | 'events';
  nobody: string;
  children: ReactNode;
}) {
  const { found, what } = props;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = found;
  const end = useRef<HTMLDivElement>(null);
  const goesOn = hasNextPage && !isFetchingNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (!goesOn || !end.current) return;
    const watcher = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void fetchNextPage();
      },
      { rootMargin: '600px' },
    );
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [goesOn, fetchNextPage]);

  const first = found.data?.pages[0];
  if (found.isError && !first) {
    return (
      <Trouble
        icon={<CloudOff size={18} />}
        title={
          what === 'people' ? 'The people could not be loaded' : 'The events could not be loaded'
        }
        retry={() => void found.refetch()}
      >
        {found.error instanceof HttpError
          ? found.error.message
          : 'The server could not be reached.'}
      </Trouble>
    );
  }
  if (first?.results.length === 0) {
    return (
      <Trouble icon={<CircleOff size={18} />} title={props.nobody}>
        The numbers may have moved since the report was answered: a merge of two visitors, or a
        deletion, shows at once.
      </Trouble>
    );
  }
  return (
    <div className={style.list} aria-busy={!first}>
      {first ? (
        <ol>{props.children}</ol>
      ) : (
        Array.from({ length: 9 }, (_, i) => (
          <div key={i} className={style.bones}>
            <div className="bone" style={{ width: 28, height: 28, borderRadius: '50%' }} />
            <div className="bone" style={{ width: 140 + ((i * 37) % 70), height: 12 }} />
            <div className="bone" style={{ width: 48, height: 10, marginLeft: 'auto' }} />
          </div>
        ))
      )}
      {isFetchNextPageError ? (
        <p className={style.more}>
          The rest could not be loaded.{' '}
          <button type="button" className="link" onClick={() => void fetchNextPage()}>
            Try again
          </button>
        </p>
      ) : (
        hasNextPage && (
          <div ref={end} className={style.bones} aria-label={`Loading more ${what}`}>
            <div className="bone" style={{ width: 28, height: 28, borderRadius: '50%' }} />
            <div className="bone" style={{ width: 160, height: 12 }} />
          </div>
        )
      )}
      {first && !hasNextPage && first.total > 20 && (
        <p className={style.more}>That is all {count(first.total)}.</p>
      )}
    </div>
  );
}
