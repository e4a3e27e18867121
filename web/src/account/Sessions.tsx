import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Monitor, Smartphone } from 'lucide-react';
import { useState } from 'react';

import { type LoginSession, endOtherSessions, endSession, loginSessionsQuery } from '../api/access';
import { Confirm } from '../lib/Dialog';
import { exact, plural, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Fault } from '../lib/Form';
import { Matter, NotLoaded } from '../settings/parts';
import rows from '../settings/Rows.module.css';
import style from './Account.module.css';
import { methodText } from './words';

/** Where the member is logged in. */
export function Sessions() {
  const queries = useQueryClient();
  const [ending, setEnding] = useState(false);
  const { data, error, refetch } = useQuery(loginSessionsQuery);
  const others = data?.filter((one) => !one.current).length ?? 0;
  const again = () => queries.invalidateQueries(loginSessionsQuery);
  return (
    <Matter
      level={2}
      title="Where you are logged in"
      about="End what you don’t recognise, and change your password then."
      action={
        others > 0 && (
          <button type="button" className="btn" onClick={() => setEnding(true)}>
            End all others…
          </button>
        )
      }
    >
      {error && !data ? (
        <NotLoaded what="Your sessions" error={error} retry={() => void refetch()} />
      ) : (
        <ul className={`${rows.rows} ${style.last}`} aria-busy={!data} aria-label="Sessions">
          {data ? data.map((one) => <Row key={one.session_id} session={one} />) : <Bones />}
        </ul>
      )}
      {ending && (
        <Confirm
          title={`End ${plural(others, 'other session')}?`}
          action={`End ${plural(others, 'session')}`}
          busy="Ending…"
          keep="Keep them"
          otherwise="All of them go on."
          act={async () => {
            await endOtherSessions();
            await again();
          }}
          onClose={() => setEnding(false)}
        >
          Those browsers are logged out at once. This one stays logged in.
        </Confirm>
      )}
    </Matter>
  );
}

function Row({ session }: { session: LoginSession }) {
  const queries = useQueryClient();
  const now = useNow();
  const end = useMutation({
    mutationFn: () => endSession(session.session_id),
    onSuccess: () => queries.invalidateQueries(loginSessionsQuery),
  });
  const { browser, os } = session;
  const phone = os !== null && /ios|android/i.test(os);
  const Icon = phone ? Smartphone : Monitor;
  const where = [browser, os].filter(Boolean).join(' on ') || 'Unknown browser';
  return (
    <li className={rows.row}>
      <Icon size={18} strokeWidth={1.75} aria-hidden />
      <div className={rows.what}>
        <p className={rows.name}>
          <b>{where}</b>
          {session.current && (
            <span className={rows.badge} data-good>
              This browser
            </span>
          )}
        </p>
        <p className={rows.facts}>
          <span title={exact(session.created_at)}>
            {methodText(session.method)} {when(session.created_at, now)}
          </span>
          {session.address && <span>{session.address}</span>}
          {!session.current && (
            <span title={exact(session.last_used_at)}>
              last used {when(session.last_used_at, now)}
            </span>
          )}
        </p>
        <Fault error={end.error} otherwise="The session goes on." />
      </div>
      {!session.current && (
        <button
          type="button"
          className="btn"
          aria-label={`End the session in ${where}`}
          disabled={end.isPending}
          onClick={() => end.mutate()}
        >
          {end.isPending ? 'Ending…' : 'End'}
        </button>
      )}
    </li>
  );
}

function Bones() {
  return (
    <li className={rows.row} aria-hidden>
      <i className="bone" style={{ width: 18, height: 18 }} />
      <div className={rows.what}>
        <i className="bone" style={{ display: 'block', width: 160, height: 11, marginBottom: 9 }} />
        <i
          className="bone"
          style={{ display: 'block', width: 280, maxWidth: '100%', height: 10 }}
        />
      </div>
    </li>
  );
}
