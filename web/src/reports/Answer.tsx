import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  CircleAlert,
  CirclePause,
  CloudOff,
  Hourglass,
  MousePointerClick,
  PencilLine,
} from 'lucide-react';
import type { ReactNode } from 'react';

import { HttpError } from '../api/http';
import { progressQuery } from '../api/reports';
import { count } from '../lib/format';
import { useLate, useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { problemOf } from './problems';
import style from './Reports.module.css';
import type { Answered, Asking, Report } from './useReport';

/** An answer over this long dims the one before; a quicker one changes at once. */
const LATE_MS = 100;
/** Over this, it is said how far the answer is, and it can be cancelled. */
const LONG_MS = 1_000;

/** In the place of the chart and its table: the report, the one before, its bones, or what is wrong. */
export function Answer<T, State>(props: {
  report: Report<T, State>;
  children: (answered: Answered<T, State>) => ReactNode;
}) {
  const { report } = props;
  const { answered, asking, before, error } = report;
  const waiting = before && !error && !report.stopped;
  const late = useLate(waiting, LATE_MS);
  const long = useLate(waiting && asking !== null, LONG_MS);
  const named = error !== null && problemOf(error) !== null;
  return (
    <div className={style.answer} aria-busy={waiting}>
      {long && asking && (
        <Going key={asking.query_id} asking={asking} onCancel={() => report.cancel()} />
      )}
      {report.stopped ? (
        <Stopped again={report.again} />
      ) : error && !(named && answered) ? (
        <WentWrong error={error} retry={report.again} />
      ) : answered ? (
        <div
          className={style.answered}
          data-before={(before && (late || named)) || undefined}
          inert={before && (late || named)}
        >
          {props.children(answered)}
        </div>
      ) : (
        <Bones />
      )}
    </div>
  );
}

/** How far a long answer is. */
function Going({ asking, onCancel }: { asking: Asking; onCancel: () => void }) {
  const now = useNow(100);
  const { data } = useQuery(progressQuery(asking.project, asking.query_id));
  const share = data?.total_rows ? Math.min(data.read_rows / data.total_rows, 1) : null;
  return (
    <div className={style.going}>
      <div role="status">
        <span className="unseen">The report takes longer than a second.</span>
      </div>
      <span className={style.elapsed}>{((now - asking.since) / 1000).toFixed(1)} s</span>
      {data && data.read_rows > 0 && (
        <span className={style.rows}>
          {count(data.read_rows)}
          {data.total_rows ? ` of ${count(data.total_rows)}` : ''} rows read
        </span>
      )}
      <button type="button" className="btn" onClick={onCancel}>
        Cancel
      </button>
      <i
        className={style.track}
        data-open={share === null || undefined}
        style={share === null ? undefined : { width: `${share * 100}%` }}
        aria-hidden
      />
    </div>
  );
}

function Stopped({ again }: { again: () => void }) {
  return (
    <div className={style.place}>
      <Trouble
        icon={<CirclePause size={18} />}
        title="Cancelled"
        action={
          <button type="button" className="btn" onClick={again}>
            Ask again
          </button>
        }
      >
        The report was stopped before it had its answer. Fewer days, a filter, or a longer unit make
        it quicker.
      </Trouble>
    </div>
  );
}

export function Bones() {
  return (
    <div
      className={`${style.bones} ${style.late}`}
      role="status"
      aria-busy="true"
      aria-label="Loading the report"
    >
      <div className={style.top}>
        <div className="bone" style={{ width: 180, height: 12, marginTop: 10 }} />
      </div>
      <div className={style.chartBones}>
        {[42, 55, 48, 70, 62, 80, 66, 74, 90, 78].map((height) => (
          <div key={height} className="bone" style={{ height: `${height}%` }} />
        ))}
      </div>
      <div className={style.tableBones}>
        {Array.from({ length: 5 }, (_, i) => (
          <div key={i} className="bone" style={{ height: 12 }} />
        ))}
      </div>
    </div>
  );
}

function WentWrong({ error, retry }: { error: Error; retry: () => void }) {
  const known = error instanceof HttpError ? error : null;
  if (problemOf(error)) {
    return (
      <div className={style.place}>
        <Trouble title="One part is not right yet" icon={<PencilLine size={18} />}>
          What is wrong is said beside it.
        </Trouble>
      </div>
    );
  }
  const [title, icon] =
    known?.status === 422
      ? ['The question took too much', <Hourglass key="icon" size={18} />]
      : known && known.status < 500
        ? ['This can’t be asked', <CircleAlert key="icon" size={18} />]
        : ['The report could not be loaded', <CloudOff key="icon" size={18} />];
  return (
    <div className={style.place}>
      <Trouble title={title} icon={icon} retry={retry}>
        {known?.message ?? 'The server could not be reached.'}
        {known?.status === 422 && ' Fewer days, a filter, or a longer unit make it quicker.'}
      </Trouble>
    </div>
  );
}

/** A project that no event has reached. */
export function NoEvents({ project, children }: { project: string; children: ReactNode }) {
  return (
    <Trouble
      icon={<MousePointerClick size={18} />}
      title="No events yet"
      action={
        <Link className="btn" to="/projects/$project/install" params={{ project }}>
          Put Playhead on a site
        </Link>
      }
    >
      {children}
    </Trouble>
  );
}
