import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useParams } from '@tanstack/react-router';
import { BookmarkX, CloudOff } from 'lucide-react';

import { HttpError } from '../api/http';
import { savedQuery } from '../api/saved';
import { parseSearch } from '../lib/search';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import { KINDS } from './kinds';
import { questionOf } from './search';

/** The lasting address of a saved report: leads to its screen, with what was saved. */
export function OpenReport() {
  const project = useProject().project_id;
  const { report } = useParams({ strict: false });
  const saved = useQuery(savedQuery(project));
  const found = saved.data?.find((one) => one.report_id === report);
  if (found) {
    return (
      <Navigate
        to={`/projects/${encodeURIComponent(project)}/${KINDS[found.kind].path}` as '/'}
        search={
          {
            ...parseSearch(questionOf(found.kind, found.search)),
            report: found.report_id,
          } as never
        }
        replace
      />
    );
  }
  if (saved.isError && !saved.data) {
    return (
      <Trouble
        icon={<CloudOff size={18} />}
        title="The report could not be opened"
        retry={() => void saved.refetch()}
      >
        {saved.error instanceof HttpError
          ? saved.error.message
          : 'The server could not be reached.'}
      </Trouble>
    );
  }
  if (saved.isFetching) return <div aria-busy="true" />;
  return (
    <Trouble
      icon={<BookmarkX size={18} />}
      title="There is no such saved report"
      action={
        <Link className="btn" to="/projects/$project/saved" params={{ project }}>
          All saved reports
        </Link>
      }
    >
      It was deleted, or the address is mistyped.
    </Trouble>
  );
}
