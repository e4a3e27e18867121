import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ShieldAlert, ShieldCheck } from 'lucide-react';
import { useEffect } from 'react';

import { HttpError } from '../api/http';
import { watchableQuery } from '../api/privacy';
import { replayQuery } from '../api/queries';
import type { Project, ReplayDetail } from '../api/types';
import { Trouble } from '../lib/Trouble';
import style from './BeingMasked.module.css';

/** In the place of the player until the project's rules have been applied to the replay; then it plays by itself. */
export function BeingMasked(props: {
  detail: ReplayDetail;
  project: Project;
  onWatchable?: () => void;
}) {
  const { detail, project, onWatchable } = props;
  const queries = useQueryClient();
  const watchable = useQuery(watchableQuery(project.project_id, detail.replay_id));
  const { error } = watchable;
  const done = watchable.data !== undefined;
  useEffect(() => {
    if (!done) return;
    void queries.invalidateQueries(replayQuery(project.project_id, detail.replay_id));
    onWatchable?.();
  }, [done, queries, project.project_id, detail.replay_id, onWatchable]);

  const rules = (
    <Link className="btn" to="/projects/$project/privacy" params={{ project: project.project_id }}>
      Open the privacy rules
    </Link>
  );
  if (error instanceof HttpError && error.code === 'replay_masking_failed') {
    return (
      <Trouble
        icon={<ShieldAlert size={18} />}
        title="This replay could not be masked"
        action={rules}
      >
        {error.message}
      </Trouble>
    );
  }
  return (
    <Trouble icon={<ShieldCheck size={18} />} title="This replay is being masked" action={rules}>
      A rule of {project.name} applies to it that was not applied in the visitor’s browser. It can
      be watched once it has been masked here, some seconds after the visit is quiet; it then starts
      by itself.
      <span className={style.track} role="progressbar" aria-label="Masking the replay">
        <i />
      </span>
    </Trouble>
  );
}
