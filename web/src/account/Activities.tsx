import { useInfiniteQuery } from '@tanstack/react-query';

import { activityQuery } from '../api/access';
import { exact, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Fault } from '../lib/Form';
import { Matter, NotLoaded } from '../settings/parts';
import { Sentence } from '../settings/Sentence';
import { useSession } from '../shell/session';
import style from './Account.module.css';

/** What the audit log holds about the member's own doing. */
export function Activities() {
  const now = useNow();
  const { member } = useSession();
  const found = useInfiniteQuery(activityQuery);
  const entries = found.data?.pages.flatMap((page) => page.results);
  return (
    <Matter
      level={2}
      title="Your activity"
      about="What was done with this account, from the audit log. Something that wasn’t you? End that session and change your password."
    >
      {found.error && !entries ? (
        <NotLoaded what="Your activity" error={found.error} retry={() => void found.refetch()} />
      ) : entries?.length === 0 ? (
        <p className={style.quiet}>
          Nothing yet. Log-ins, watched replays and changes will stand here.
        </p>
      ) : (
        <ol className={`${style.log} ${style.last}`} aria-busy={!entries} aria-label="Activity">
          {entries
            ? entries.map((entry, i) => (
                <li key={`${entry.number}-${i}`}>
                  <Sentence project={entry.project_id} entry={entry} reader={member.member_id} />
                  <time dateTime={entry.at} title={exact(entry.at)}>
                    {when(entry.at, now)}
                  </time>
                </li>
              ))
            : Array.from({ length: 4 }, (_, i) => (
                <li key={i} aria-hidden>
                  <i
                    className="bone"
                    style={{ width: 180 + i * 30, height: 11, margin: '4px 0' }}
                  />
                </li>
              ))}
        </ol>
      )}
      {found.hasNextPage && (
        <button
          type="button"
          className={`btn ${style.more}`}
          disabled={found.isFetchingNextPage}
          onClick={() => void found.fetchNextPage()}
        >
          {found.isFetchingNextPage ? 'Loading…' : 'Show older'}
        </button>
      )}
      {entries && <Fault error={found.error} />}
    </Matter>
  );
}
