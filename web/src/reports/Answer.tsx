import type { UseQueryResult } from '@tanstack/react-query';
import { CircleAlert, CloudOff, Hourglass, MousePointerClick } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';

import { HttpError } from '../api/http';
import { useLate } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import style from './Reports.module.css';

/** An answer over this long shows the layout's bones; a quicker one changes at once. */
const LATE_MS = 100;

/** In the place of the chart and its table: the report, its bones, or what is wrong. */
export function Answer<T>(props: { report: UseQueryResult<T>; children: (found: T) => ReactNode }) {
  const { report } = props;
  const late = useLate(report.isPlaceholderData && !report.isError, LATE_MS);
  if (report.isError) return <WentWrong error={report.error} retry={() => void report.refetch()} />;
  if (report.data === undefined || late) return <Bones />;
  return props.children(report.data);
}

export function Bones() {
  return (
    <div
      className={`${style.bones} ${style.late}`}
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
