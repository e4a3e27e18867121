import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronLeft, CloudOff, UserX } from 'lucide-react';
import { useEffect, useMemo } from 'react';

import { HttpError, reason } from '../api/http';
import { profileQuery } from '../api/people';
import { personLabel } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { remember } from '../shell/recent';
import { useProject } from '../shell/session';
import { Activity } from './Activity';
import { PersonMenu } from './PersonMenu';
import style from './Profile.module.css';
import { type ProfileSearch, type ProfileState, readProfile, writeProfile } from './state';
import { Who, WhoBones } from './Who';

/** Who somebody is, at the left; what they did, day by day, at the right. */
export function ProfileScreen() {
  const project = useProject();
  const { person: id = '' } = useParams({ strict: false });
  const search: ProfileSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow();
  const profile = useQuery(profileQuery(project.project_id, id));

  const asked = JSON.stringify(search);
  const state = useMemo(() => readProfile(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: ProfileState) =>
    void navigate({ to: '.', search: writeProfile(next), replace: true });

  const { data, error } = profile;
  const label = data && personLabel(data);
  useEffect(() => {
    if (label) remember(project.project_id, { kind: 'person', id, name: label });
  }, [project.project_id, id, label]);
  const unknown = error instanceof HttpError && error.status === 404;
  if (error && !data) {
    return (
      <div className={style.screen}>
        <h1 className="unseen">User</h1>
        <Trouble
          icon={unknown ? <UserX size={18} /> : <CloudOff size={18} />}
          title={unknown ? 'Nobody was seen by this id' : 'The profile could not be loaded'}
          {...(unknown ? {} : { retry: () => void profile.refetch() })}
          action={
            unknown && (
              <Link
                className="btn"
                to="/projects/$project/users"
                params={{ project: project.project_id }}
              >
                All users
              </Link>
            )
          }
        >
          {unknown
            ? `${id} has sent no event, has no profile and is in no replay. It may have been deleted.`
            : reason(error)}
        </Trouble>
      </div>
    );
  }
  return (
    <div className={style.screen}>
      <aside className={style.side} aria-label="Who it is">
        <div className={style.top}>
          <Link
            className={style.back}
            to="/projects/$project/users"
            params={{ project: project.project_id }}
          >
            <ChevronLeft size={14} aria-hidden /> Users
          </Link>
          {data && <PersonMenu profile={data} />}
        </div>
        {data ? <Who key={data.distinct_id} profile={data} now={now} /> : <WhoBones />}
      </aside>
      <section className={style.main} aria-label="What they did">
        <Activity
          key={id}
          project={project}
          id={id}
          profile={data}
          state={state}
          now={now}
          onChange={change}
        />
      </section>
    </div>
  );
}
