import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  Ban,
  ChevronDown,
  CircleAlert,
  CircleCheck,
  Hourglass,
  LoaderCircle,
  TriangleAlert,
} from 'lucide-react';
import { type ReactNode, useState } from 'react';

import { HttpError, reason } from '../api/http';
import { cancelJob, jobsQuery, startJob } from '../api/privacy';
import type { Job, Project, Rule } from '../api/types';
import { ago, count, exact, plural, spell } from '../lib/format';
import { useNow } from '../lib/hooks';
import style from './Jobs.module.css';
import privacy from './Privacy.module.css';
import { jobNumbers, jobState, remaining_ms } from './words';

const HIDE = 'none';

/** Rules apply to what arrives; here they are applied backwards, to what is stored. */
export function StoredReplays(props: {
  project: Project;
  rules: Rule[] | null;
  unfolded: string | undefined;
  /** The note about a new rule offers it already. */
  offered: boolean;
}) {
  const { project, rules } = props;
  const { data: jobs, error, refetch } = useQuery(jobsQuery(project.project_id));
  const going = jobs?.find((job) => job.state === 'running' || job.state === 'waiting');
  const past = jobs?.filter((job) => job !== going) ?? [];
  const unfolded = props.unfolded ?? (going ? HIDE : past[0]?.job_id);
  if (rules?.length === 0 && past.length === 0 && !going) return null;
  return (
    <section className={style.stored} aria-labelledby="stored">
      <div className={style.head}>
        <h2 id="stored">Stored replays</h2>
        {rules && rules.length > 0 && jobs && !going && !props.offered && (
          <ApplyToStored project={project} rules={rules.length} />
        )}
      </div>
      <p className={style.lead}>
        Rules apply to what arrives. What was stored earlier keeps what it holds until the rules are
        applied to it: each replay is written anew and its old version deleted, and patterns go over
        stored events too.
      </p>
      {error && !jobs ? (
        <p className={privacy.trouble} role="alert">
          {reason(error)}{' '}
          <button type="button" className="link" onClick={() => void refetch()}>
            Try again
          </button>
        </p>
      ) : (
        <>
          {going && <Going project={project.project_id} job={going} />}
          {past.length > 0 && (
            <ul className={style.past} aria-label="Earlier runs">
              {past.map((job) => (
                <Past key={job.job_id} job={job} open={unfolded === job.job_id} />
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}

export function ApplyToStored({ project, rules }: { project: Project; rules: number }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const start = useMutation({
    mutationFn: () => startJob(project.project_id),
    onSuccess: async (job) => {
      setAsking(false);
      // Shown at once; asking how far it is goes on from there.
      queries.setQueryData(jobsQuery(project.project_id).queryKey, (before: Job[] | undefined) => [
        job,
        ...(before ?? []),
      ]);
      await navigate({
        to: '/projects/$project/privacy',
        params: { project: project.project_id },
        replace: true,
      });
    },
  });
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        Apply to stored replays…
      </button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Apply the ${rules === 1 ? 'rules' : `${rules} rules`} to stored replays?`}
        size={460}
      >
        <ul className={privacy.consequences}>
          <li>
            Every stored replay of {project.name} is read, and written anew where a rule hides
            something; patterns go over stored events too.
          </li>
          <li>The old version is deleted. What was hidden can’t be brought back.</li>
          <li>
            Everything goes on working meanwhile. You can cancel; what was done by then stays done.
          </li>
        </ul>
        {start.error && (
          <p className={privacy.trouble} role="alert">
            {start.error instanceof HttpError
              ? start.error.message
              : 'The server could not be reached. Nothing was started.'}
          </p>
        )}
        <div className={privacy.actions}>
          <button type="button" className="btn" onClick={() => setAsking(false)} data-autofocus>
            Not now
          </button>
          <button
            type="button"
            className="btn primary"
            disabled={start.isPending}
            onClick={() => start.mutate()}
          >
            {start.isPending ? 'Starting…' : 'Apply to stored replays'}
          </button>
        </div>
      </Modal>
    </>
  );
}

function Going({ project, job }: { project: string; job: Job }) {
  const queries = useQueryClient();
  const now = useNow(1_000);
  const cancel = useMutation({
    mutationFn: () => cancelJob(project, job.job_id),
    onSettled: () => queries.invalidateQueries(jobsQuery(project)),
  });
  const left = remaining_ms(job, now);
  const share = job.total === 0 ? 0 : job.done / job.total;
  return (
    <div className={style.going}>
      <div className={style.head}>
        <b>{jobState(job)}</b>
        <button
          type="button"
          className="btn"
          disabled={cancel.isPending}
          onClick={() => cancel.mutate()}
        >
          {cancel.isPending ? 'Cancelling…' : 'Cancel'}
        </button>
      </div>
      <div
        className={style.bar}
        role="progressbar"
        aria-label="Replays looked through"
        aria-valuemin={0}
        aria-valuemax={job.total}
        aria-valuenow={job.done}
        aria-valuetext={jobNumbers(job)}
      >
        <i style={{ transform: `scaleX(${share})` }} />
      </div>
      <p className={style.numbers}>
        <span>{jobNumbers(job)}</span>
        <span>{left === null ? '' : `about ${spell(left)} left`}</span>
      </p>
      {cancel.error && (
        <p className={privacy.trouble} role="alert">
          {cancel.error instanceof HttpError
            ? cancel.error.message
            : 'The server could not be reached. It goes on.'}
        </p>
      )}
    </div>
  );
}

function Past({ job, open }: { job: Job; open: boolean }) {
  const navigate = useNavigate();
  const now = useNow();
  const when = job.finished_at ?? job.created_at;
  const id = `job-${job.job_id}`;
  return (
    <li className={style.job}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() =>
          void navigate({
            to: '.',
            search: (before) => ({ ...before, job: open ? HIDE : job.job_id }),
            replace: true,
          })
        }
      >
        {stateIcon(job)}
        <b>{jobState(job)}</b>
        <span className={style.did}>{jobNumbers(job)}</span>
        <time dateTime={when} title={exact(when)}>
          {ago(when, now)}
        </time>
        <ChevronDown size={14} className={style.chevron} aria-hidden />
      </button>
      {open && (
        <div id={id} className={style.outcome}>
          <p>{outcome(job)}</p>
          {job.not_reached.length > 0 && (
            <>
              <h3>What it could not reach</h3>
              <ul>
                {job.not_reached.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </li>
  );
}

function outcome(job: Job): string {
  const why = job.error && job.state === 'done' ? ` The last: ${job.error}` : '';
  const failed =
    job.failed > 0
      ? ` ${plural(job.failed, 'replay')} could not be masked and ${job.failed === 1 ? 'stays' : 'stay'} closed: nobody can watch ${job.failed === 1 ? 'it' : 'them'} until a later run succeeds.${why}`
      : '';
  const left = job.total - job.done;
  switch (job.state) {
    case 'done':
      return `${plural(job.done, 'replay')} looked through. ${
        job.changed === 0
          ? 'None held anything that a rule hides.'
          : `${count(job.changed)} held something that a rule hides and ${job.changed === 1 ? 'was' : 'were'} written anew; the old ${job.changed === 1 ? 'version is' : 'versions are'} deleted.`
      }${failed}`;
    case 'cancelled':
      return `Cancelled after ${plural(job.done, 'replay')}, of which ${count(job.changed)} were written anew. The other ${count(left)} keep what they hold.${failed}`;
    case 'failed':
      return `${job.error ?? 'The reason is not known.'} ${plural(job.done, 'replay')} had been looked through; the other ${count(left)} keep what they hold. Apply the rules again to go on.${failed}`;
    case 'waiting':
    case 'running':
      return '';
  }
}

function stateIcon(job: Job): ReactNode {
  const box = { size: 16, 'aria-hidden': true } as const;
  switch (job.state) {
    case 'waiting':
      return <Hourglass {...box} />;
    case 'running':
      return <LoaderCircle {...box} />;
    case 'done':
      return job.failed > 0 ? (
        <TriangleAlert {...box} className={style.partly} />
      ) : (
        <CircleCheck {...box} className={style.good} />
      );
    case 'cancelled':
      return <Ban {...box} className={style.quiet} />;
    case 'failed':
      return <CircleAlert {...box} className={style.bad} />;
  }
}
