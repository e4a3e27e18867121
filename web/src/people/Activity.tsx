import {
  type InfiniteData,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
} from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CalendarX, Clapperboard, CloudOff, EyeOff, X } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';

import { HttpError } from '../api/http';
import { type Profile, personEventsQuery, personReplayPagesQuery } from '../api/people';
import type { Project } from '../api/types';
import { count, plural, when } from '../lib/format';
import { Trouble } from '../lib/Trouble';
import { daysOf } from '../reports/parts';
import { Choice } from '../reports/Picker';
import { eventLabel } from '../reports/words';
import { byDay, calendar } from './activity';
import { EventFilter } from './EventFilter';
import { EventRow, ReplayRow } from './Entries';
import style from './Profile.module.css';
import { PERIODS, type ProfileState } from './state';

/** What somebody did, day by day, newest first. */
export function Activity(props: {
  project: Project;
  id: string;
  profile: Profile | undefined;
  state: ProfileState;
  now: number;
  onChange: (state: ProfileState) => void;
}) {
  const { project, id, state, now, onChange } = props;
  const { timezone } = project;
  const days = useMemo(
    () => (state.last === null ? {} : daysOf({ last: state.last }, now, timezone)),
    // A day that ends while somebody looks on needs no other answer.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [state.last, timezone],
  );
  const events = useInfiniteQuery(
    personEventsQuery(project.project_id, id, { ...days, events: state.events }),
  );
  const replays = useInfiniteQuery(personReplayPagesQuery(project.project_id, id));

  const hidden = useMemo(() => new Set(state.hidden), [state.hidden]);
  const dayOf = useMemo(() => calendar(timezone), [timezone]);
  const merged = useMemo(
    () =>
      byDay(
        pages(events, (row) => !hidden.has(row.event)),
        pages(replays, () => true),
        days,
        dayOf,
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [events.data, replays.data, hidden, days, dayOf],
  );
  const pending = events.isPending || replays.isPending;
  const wrong = events.error ?? replays.error;
  const list = merged.load === 'replays' ? replays : events;
  const more = merged.load !== null;
  const { isFetching } = list;
  const bottom = useReached(
    more && !isFetching && !wrong && !pending,
    () => void list.fetchNextPage(),
  );

  const range =
    state.last === null ? 'since they were first seen' : `in the last ${state.last} days`;
  const recorded = props.profile?.replay_count;
  const narrowed = state.events.length > 0 || state.hidden.length > 0;
  return (
    <>
      <div className={style.bar}>
        <Choice
          label="Days"
          value={state.last === null ? 'all' : (String(state.last) as '30')}
          names={{
            ...Object.fromEntries(PERIODS.map((one) => [String(one), `Last ${one} days`])),
            all: 'All time',
          }}
          onChange={(last: string) =>
            onChange({ ...state, last: last === 'all' ? null : Number(last) })
          }
        />
        <EventFilter
          project={project.project_id}
          chosen={state.events}
          onChange={(chosen) => onChange({ ...state, events: chosen })}
        />
        {state.hidden.map((event) => (
          <button
            key={event}
            type="button"
            className={style.chip}
            aria-label={`Show ${eventLabel(event)} again`}
            onClick={() =>
              onChange({ ...state, hidden: state.hidden.filter((one) => one !== event) })
            }
          >
            <EyeOff size={12} aria-hidden /> {eventLabel(event)} <X size={12} aria-hidden />
          </button>
        ))}
        <Link
          className={`btn ${recorded === 0 ? '' : 'primary'} ${style.view}`}
          to="/projects/$project/replays"
          params={{ project: project.project_id }}
          search={{ distinct_id: props.profile?.distinct_id ?? id }}
        >
          <Clapperboard size={15} aria-hidden /> View Replays{' '}
          {recorded !== undefined && <span className={style.total}>{count(recorded)}</span>}
        </Link>
      </div>
      {pending && !wrong ? (
        <Bones />
      ) : wrong && merged.days.length === 0 ? (
        <Trouble
          icon={<CloudOff size={18} />}
          title="The activity could not be loaded"
          retry={() => {
            if (events.error) void events.refetch();
            if (replays.error) void replays.refetch();
          }}
        >
          {wrong instanceof HttpError ? wrong.message : 'The server could not be reached.'}
        </Trouble>
      ) : merged.days.length === 0 && !more ? (
        <Trouble
          icon={<CalendarX size={18} />}
          title={narrowed ? 'Nothing left to show' : 'Nothing happened'}
          action={
            narrowed ? (
              <button
                type="button"
                className="btn"
                onClick={() => onChange({ ...state, events: [], hidden: [] })}
              >
                Show all events
              </button>
            ) : (
              state.last !== null && (
                <button
                  type="button"
                  className="btn"
                  onClick={() => onChange({ ...state, last: null })}
                >
                  Show all time
                </button>
              )
            )
          }
        >
          {narrowed
            ? `No such event was sent ${range}.`
            : `No event was sent and no replay recorded ${range}.${
                props.profile?.last_seen ? ` Last seen ${when(props.profile.last_seen, now)}.` : ''
              }`}
        </Trouble>
      ) : (
        <div className={style.days}>
          {merged.days.map((day) => (
            <section key={day.day} className={style.day} aria-label={dayTitle(day.day, dayOf(now))}>
              <h2>
                {dayTitle(day.day, dayOf(now))}
                <span>
                  {[
                    ...(day.events > 0 ? [plural(day.events, 'event')] : []),
                    ...(day.replays > 0 ? [plural(day.replays, 'replay')] : []),
                  ].join(' · ')}
                </span>
              </h2>
              <ol>
                {day.entries.map((entry) =>
                  entry.kind === 'event' ? (
                    <EventRow
                      key={`${entry.event.insert_id} ${entry.event.time} ${entry.event.event}`}
                      project={project}
                      person={id}
                      event={entry.event}
                      onHide={hide}
                      onOnly={only}
                    />
                  ) : (
                    <ReplayRow
                      key={entry.replay.replay_id}
                      project={project}
                      person={id}
                      row={entry.replay}
                    />
                  ),
                )}
              </ol>
            </section>
          ))}
          {wrong ? (
            <p className={style.end} role="status">
              What is older could not be loaded.{' '}
              <button type="button" className="link" onClick={() => void list.fetchNextPage()}>
                Try again
              </button>
            </p>
          ) : more ? (
            <div ref={bottom} className={style.end} aria-busy="true">
              <div className="bone" style={{ width: 160, height: 11 }} />
            </div>
          ) : (
            <p className={style.end}>
              {state.last === null ? 'Nothing is older.' : `That was all ${range}.`}
              {state.last !== null && (
                <>
                  {' '}
                  <button
                    type="button"
                    className="link"
                    onClick={() => onChange({ ...state, last: null })}
                  >
                    Show all time
                  </button>
                </>
              )}
            </p>
          )}
        </div>
      )}
    </>
  );

  function hide(event: string) {
    onChange({
      ...state,
      hidden: [...state.hidden, event],
      events: state.events.filter((one) => one !== event),
    });
  }

  function only(event: string) {
    onChange({ ...state, events: [event], hidden: [] });
  }
}

type PagesOf<Row> = UseInfiniteQueryResult<InfiniteData<{ results: Row[] }>>;

const pages = <Row,>(query: PagesOf<Row>, keep: (row: Row) => boolean) => ({
  rows: (query.data?.pages ?? []).flatMap((page) => page.results.filter(keep)),
  more: query.hasNextPage,
});

/** `Today, 24 November`. */
function dayTitle(day: string, today: string): string {
  const date = new Date(`${day}T12:00:00Z`);
  const before = (Date.parse(today) - Date.parse(day)) / 86_400_000;
  const text = date.toLocaleDateString('en-GB', {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'long',
    ...(before > 1 ? { weekday: 'long' } : {}),
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
  });
  return before === 0 ? `Today, ${text}` : before === 1 ? `Yesterday, ${text}` : text;
}

/** Calls whenever the element comes near the window and there is more. */
function useReached(active: boolean, act: () => void) {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    const at = element.current;
    if (!at || !active) return;
    const watcher = new IntersectionObserver(
      (seen) => {
        if (seen.some((one) => one.isIntersecting)) latest.current();
      },
      { rootMargin: '600px' },
    );
    watcher.observe(at);
    return () => watcher.disconnect();
  });
  return element;
}

function Bones() {
  return (
    <div className={style.days} role="status" aria-busy="true" aria-label="Loading the activity">
      <div className={style.day}>
        <h2>
          <div className="bone" style={{ width: 140, height: 12 }} />
        </h2>
        <ol>
          {[120, 160, 90, 200, 130, 110, 150, 100].map((width, i) => (
            <li key={i} className={style.entry}>
              <div className={`${style.line} ${style.boneLine}`}>
                <div className="bone" style={{ width: 36, height: 10 }} />
                <div className="bone" style={{ width, height: 11 }} />
              </div>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
