import { useState } from 'react';

import type { Profile } from '../api/people';
import { Avatar } from '../feed/Avatar';
import { Copy } from '../lib/Copy';
import { count, exact, personLabel, plural, propertyName, when } from '../lib/format';
import { useNarrow } from '../lib/hooks';
import { SearchField } from '../lib/SearchField';
import { propertyRows } from './properties';
import style from './Profile.module.css';

/** So many properties are looked over without a search. */
const FEW = 8;

/** Said by the head of the page already. */
const IN_HEAD = new Set(['$name', '$email', '$avatar']);

export function Who({ profile, now }: { profile: Profile; now: number }) {
  const narrow = useNarrow();
  const [text, setText] = useState('');
  const label = personLabel(profile);
  const known = profile.name !== null || profile.email !== null;
  const rows = propertyRows(profile.properties).filter((row) => !IN_HEAD.has(row.path));
  const wanted = text.trim().toLowerCase();
  const shown = rows.filter((row) =>
    `${propertyName(row.path)}\n${row.path}\n${row.value}`.toLowerCase().includes(wanted),
  );
  const ids = profile.distinct_ids;
  return (
    <>
      <header className={style.who}>
        <Avatar person={profile} size={48} />
        <div>
          <h1 title={label}>{label}</h1>
          {profile.email !== null && profile.email !== label && (
            <p>
              <span title={profile.email}>{profile.email}</span>
              <Copy text={profile.email} label="Copy the e-mail address" />
            </p>
          )}
          {!known && <p>No name or e-mail yet</p>}
        </div>
      </header>
      <dl className={style.seen}>
        <Seen name="First seen" time={profile.first_seen} now={now} />
        <Seen name="Last seen" time={profile.last_seen} now={now} />
        <div>
          <dt>Events</dt>
          <dd title={profile.event_count.toLocaleString('en')}>{count(profile.event_count)}</dd>
        </div>
        <div>
          <dt>Replays</dt>
          <dd title={profile.replay_count.toLocaleString('en')}>{count(profile.replay_count)}</dd>
        </div>
      </dl>
      <details className={style.part} open={!narrow}>
        <summary>
          <h2>Properties</h2> <span>{rows.length > 0 && count(rows.length)}</span>
        </summary>
        {rows.length > FEW && (
          <div className={style.search}>
            <SearchField
              value={text}
              label="Search the properties"
              placeholder="Search properties and values"
              onChange={setText}
            />
          </div>
        )}
        {rows.length === 0 ? (
          <p className={style.faint}>
            None yet. <code>people.set()</code> on the site sets them.
          </p>
        ) : shown.length === 0 ? (
          <p className={style.faint}>Nothing matches “{text}”.</p>
        ) : (
          <dl className={style.properties}>
            {shown.map((row) => (
              <div key={row.path}>
                <dt title={row.path}>{propertyName(row.path)}</dt>
                <dd>{row.value}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
      <details className={style.part}>
        <summary>
          <h2>Identities</h2> <span>{plural(ids.length, 'id')}</span>
        </summary>
        <p className={style.faint}>
          Events and replays under any of these are theirs. A device joins when it logs in.
        </p>
        <ul className={style.ids}>
          {ids.map((id) => (
            <li key={id}>
              <code title={id}>{id.replace(/^\$device:/, '')}</code>
              <span>
                {id.startsWith('$device:')
                  ? 'device'
                  : id === profile.distinct_id
                    ? 'user id'
                    : 'alias'}
              </span>
              <Copy text={id} label={`Copy ${id}`} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Seen({ name, time, now }: { name: string; time: string | null; now: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd {...(time === null ? {} : { title: exact(time) })}>
        {time === null ? '–' : when(time, now)}
      </dd>
    </div>
  );
}

export function WhoBones() {
  return (
    <div aria-busy="true" aria-label="Loading the profile" role="status">
      <div className={style.who}>
        <div className="bone" style={{ width: 48, height: 48, borderRadius: '50%' }} />
        <div>
          <div className="bone" style={{ width: 140, height: 14 }} />
          <div className="bone" style={{ width: 180, height: 10, marginTop: 8 }} />
        </div>
      </div>
      <div className={style.seen}>
        {[0, 1, 2, 3].map((i) => (
          <div key={i}>
            <div className="bone" style={{ width: 56, height: 9 }} />
            <div className="bone" style={{ width: 72, height: 11, marginTop: 7 }} />
          </div>
        ))}
      </div>
      <div className={style.part}>
        {[90, 130, 70, 110, 100, 60].map((width) => (
          <div
            key={width}
            className="bone"
            style={{ width: width * 2, height: 11, margin: '12px 0' }}
          />
        ))}
      </div>
    </div>
  );
}
