import { Link } from '@tanstack/react-router';
import { useComputedColorScheme } from '@mantine/core';
import { ChevronRight, Clapperboard, EyeOff, ListFilter, Play } from 'lucide-react';
import { memo, useState } from 'react';

import type { PersonEvent } from '../api/people';
import type { FeedRow, Project } from '../api/types';
import { WHY_NOT } from '../feed/FeedCard';
import { Sparkline } from '../feed/Sparkline';
import { clock, count, exact, path, plural, propertyName } from '../lib/format';
import { SignShape } from '../replay/Sign';
import { DARK, LIGHT, paints } from '../reports/colours';
import { LEAD_MS } from '../reports/Watching';
import { eventLabel } from '../reports/words';
import { gist, propertyRows } from './properties';
import style from './Profile.module.css';

const timeOf = (time: string, timezone: string | undefined) =>
  new Date(time).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...(timezone ? { timeZone: timezone } : {}),
  });

/** Where an event happened is the best gist of a page that was opened. */
function told(properties: Record<string, unknown>): string {
  const own = gist(properties);
  if (own) return own;
  const url = properties['current_url_path'] ?? properties['$current_url'];
  return typeof url === 'string' ? path(url) : '';
}

export const EventRow = memo(function EventRow(props: {
  project: Project;
  person: string;
  event: PersonEvent;
  onHide: (event: string) => void;
  onOnly: (event: string) => void;
}) {
  const { project, event } = props;
  const [open, setOpen] = useState(false);
  const scheme = useComputedColorScheme('light');
  const colour = (scheme === 'dark' ? DARK : LIGHT)[paints([event.event])[0]?.colour ?? 0];
  const name = eventLabel(event.event);
  const watchable = event.replay_id !== null && event.at_ms !== null;
  return (
    <li className={style.entry} data-recorded={watchable || undefined}>
      <div className={style.line}>
        <button
          type="button"
          className={style.open}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <time dateTime={event.time} title={exact(event.time)}>
            {timeOf(event.time, project.timezone)}
          </time>
          <i className={style.dot} style={{ background: colour }} aria-hidden />
          <b title={event.event}>{name}</b>
          <span className={style.gist}>{told(event.properties)}</span>
          <ChevronRight size={14} className={style.turn} aria-hidden />
        </button>
        {event.replay_id !== null && event.at_ms !== null && (
          <Link
            className={style.watch}
            to="/projects/$project/replays/$replay"
            params={{ project: project.project_id, replay: event.replay_id }}
            search={{ distinct_id: props.person, t: event.at_ms - LEAD_MS }}
            aria-label={`Watch ${name} at ${timeOf(event.time, project.timezone)}`}
            title="Watch it, from 5 seconds before"
          >
            <Play size={12} aria-hidden /> Watch
          </Link>
        )}
      </div>
      {open && (
        <div className={style.unfolded}>
          <PropertyTable name={name} properties={event.properties} />
          <div className={style.tools}>
            <button type="button" className="btn" onClick={() => props.onOnly(event.event)}>
              <ListFilter size={13} aria-hidden /> Only {name}
            </button>
            <button type="button" className="btn" onClick={() => props.onHide(event.event)}>
              <EyeOff size={13} aria-hidden /> Hide {name}
            </button>
          </div>
        </div>
      )}
    </li>
  );
});

function PropertyTable(props: { name: string; properties: Record<string, unknown> }) {
  // When it was stands on the line already.
  const rows = propertyRows(props.properties).filter((row) => row.path !== 'time');
  if (rows.length === 0) return <p className={style.faint}>It carries no properties.</p>;
  const own = rows.filter((row) => row.own);
  const rest = rows.filter((row) => !row.own);
  return (
    <table className={style.table}>
      <caption className="unseen">Properties of {props.name}</caption>
      {[own, rest].map(
        (part, i) =>
          part.length > 0 && (
            <tbody key={i}>
              {part.map((row) => (
                <tr key={row.path}>
                  <th scope="row" title={row.path}>
                    {propertyName(row.path)}
                  </th>
                  <td>{row.value}</td>
                </tr>
              ))}
            </tbody>
          ),
      )}
    </table>
  );
}

export const ReplayRow = memo(function ReplayRow(props: {
  project: Project;
  person: string;
  row: FeedRow;
}) {
  const { project, row } = props;
  const time = timeOf(row.started_at, project.timezone);
  const why = WHY_NOT[row.status];
  return (
    <li className={style.entry} data-replay-entry>
      <Link
        className={style.replay}
        to="/projects/$project/replays/$replay"
        params={{ project: project.project_id, replay: row.replay_id }}
        search={{ distinct_id: props.person }}
        data-replay={row.replay_id}
        aria-label={`Watch the replay that began at ${time}, ${clock(row.duration_ms)} long`}
      >
        <time dateTime={row.started_at} title={exact(row.started_at)}>
          {time}
        </time>
        <Clapperboard size={15} aria-hidden />
        <b>Replay</b>
        <span className="num">{clock(row.duration_ms)}</span>
        {row.live && <span className={style.live}>Live</span>}
        {why && <span>{why}</span>}
        <span className={style.facts}>
          {plural(row.page_count, 'page')} · {plural(row.click_count, 'click')}
          {row.start_url && <em title={row.start_url}> · {path(row.start_url)}</em>}
        </span>
        {row.rage_click_count > 0 && (
          <span className={style.rage} title={plural(row.rage_click_count, 'rage click')}>
            <SignShape kind="rage_click" /> {count(row.rage_click_count)}
          </span>
        )}
        {row.error_count > 0 && (
          <span className={style.err} title={plural(row.error_count, 'error')}>
            <SignShape kind="error" /> {count(row.error_count)}
          </span>
        )}
        <span className={style.spark}>
          <Sparkline values={row.sparkline} />
        </span>
        <Play size={13} aria-hidden />
      </Link>
    </li>
  );
});
