import { Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, Clock } from 'lucide-react';
import { useState } from 'react';

import { changeProject, deleteProject, rotateToken } from '../api/access';
import { sessionQuery } from '../api/queries';
import type { Project, Session } from '../api/types';
import { Copy } from '../lib/Copy';
import { moment } from '../lib/format';
import { useNow } from '../lib/hooks';
import { useMay, useProject } from '../shell/session';
import { Fault, Field } from '../lib/Form';
import form from '../lib/Form.module.css';
import { Matter, SectionHead } from './parts';
import { ROLES } from './roles';
import style from './Project.module.css';
import { ZoneSelect } from './ZoneSelect';

export function ProjectSection() {
  const project = useProject();
  const manages = useMay('manage');
  const owns = useMay('own');
  return (
    <>
      <SectionHead title="Project">
        {!manages &&
          `You are ${ROLES[project.role].a} here. Owners and admins change what stands below.`}
      </SectionHead>
      <Naming key={project.project_id} project={project} fixed={!manages} />
      {project.region && (
        <Matter
          title="Region"
          about="Where its replays and events are stored. It was chosen when the project was made, and stays."
          action={<b className={style.region}>{project.region}</b>}
        />
      )}
      <Token project={project} rotatable={manages} />
      {owns ? (
        <Deletion project={project} />
      ) : (
        manages && (
          <Matter
            title="Delete this project"
            about="Only an owner deletes a project. You are an admin."
          />
        )
      )}
    </>
  );
}

/** A project that was changed, in its place among the others. */
function useChanged() {
  const queries = useQueryClient();
  return (changed: Partial<Project> & { project_id: string }) => {
    queries.setQueryData<Session>(sessionQuery.queryKey, (session) =>
      session
        ? {
            ...session,
            projects: session.projects.map((one) =>
              one.project_id === changed.project_id ? { ...one, ...changed } : one,
            ),
          }
        : session,
    );
    return queries.invalidateQueries(sessionQuery);
  };
}

function Naming({ project, fixed }: { project: Project; fixed: boolean }) {
  const [name, setName] = useState(project.name);
  const [timezone, setTimezone] = useState(project.timezone);
  const changed = name.trim() !== project.name || timezone !== project.timezone;
  const done = useChanged();
  const save = useMutation({
    mutationFn: () => changeProject(project.project_id, { name: name.trim(), timezone }),
    onSuccess: ({ project_id, name, timezone }) => done({ project_id, name, timezone }),
  });
  return (
    <Matter title="Name and time zone">
      <form
        className={form.pair}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Field label="Name">
          {(attributes) => (
            <input
              {...attributes}
              className="field"
              name="name"
              autoComplete="off"
              required
              pattern=".*\S.*"
              maxLength={200}
              disabled={fixed}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="Time zone" hint="Days in reports begin at midnight there.">
          {(attributes) => (
            <ZoneSelect
              {...attributes}
              known={project.timezone}
              name="timezone"
              disabled={fixed}
              value={timezone}
              onChange={(event) => setTimezone(event.currentTarget.value)}
            />
          )}
        </Field>
        {!fixed && (
          <div className={`${form.end} ${style.end}`}>
            <button type="submit" className="btn" disabled={!changed || save.isPending}>
              {save.isPending ? 'Saving…' : 'Save changes'}
            </button>
            {save.isSuccess && !changed && (
              <span className={form.saved} role="status">
                <Check size={14} aria-hidden /> Saved
              </span>
            )}
            <Fault error={save.error} otherwise="Nothing was changed." />
          </div>
        )}
      </form>
    </Matter>
  );
}

function Token({ project, rotatable }: { project: Project; rotatable: boolean }) {
  const now = useNow();
  const [rotating, setRotating] = useState(false);
  const previous = project.previous_token_until;
  const overlaps = typeof previous === 'string' && Date.parse(previous) > now;
  return (
    <Matter
      title="Project token"
      about="Stands in the snippet on your site and lets browsers send to this project. It is no secret: nothing can be read with it."
      action={
        rotatable && (
          <button type="button" className="btn" onClick={() => setRotating(true)}>
            Replace…
          </button>
        )
      }
    >
      <div className={style.token}>
        <code>{project.token}</code>
        <Copy text={project.token} label="Copy the token" />
      </div>
      {overlaps && (
        <p className={style.overlap}>
          <Clock size={14} aria-hidden />
          <span>
            The token before this one is taken until{' '}
            <time dateTime={previous}>{moment(previous)}</time>. Change the snippet on your site by
            then.
          </span>
        </p>
      )}
      {rotating && <Rotation project={project} onClose={() => setRotating(false)} />}
    </Matter>
  );
}

const OVERLAPS: [hours: number, name: string][] = [
  [0, 'Stop at once'],
  [1, 'For 1 hour'],
  [24, 'For 1 day'],
  [168, 'For 7 days'],
  [720, 'For 30 days'],
];

function Rotation({ project, onClose }: { project: Project; onClose: () => void }) {
  const [hours, setHours] = useState(168);
  const now = useNow();
  const done = useChanged();
  const rotate = useMutation({
    mutationFn: () => rotateToken(project.project_id, hours),
    onSuccess: async ({ project_id, token, previous_token_until }) => {
      onClose();
      await done({ project_id, token, previous_token_until: previous_token_until ?? null });
    },
  });
  return (
    <Modal opened onClose={onClose} title="Replace the project token?" size={480}>
      <p className={`${form.text} ${style.text}`}>
        A new token is made and shown here. Pages that still have the old one must be able to send
        until your site is changed, or their visits are lost.
      </p>
      <Field
        label="Take the old token as well"
        hint={
          hours === 0
            ? 'Whatever arrives with the old token from now on is refused. For a token that is misused.'
            : `Both tokens work until ${moment(now + hours * 3_600_000)}. After that the old one is refused.`
        }
      >
        {(attributes) => (
          <select
            {...attributes}
            className="field"
            value={hours}
            onChange={(event) => setHours(Number(event.currentTarget.value))}
            data-autofocus
          >
            {OVERLAPS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Fault error={rotate.error} otherwise="The token is still the old one." />
      <div className={form.actions}>
        <button type="button" className="btn" onClick={onClose}>
          Keep the token
        </button>
        <button
          type="button"
          className={`btn ${hours === 0 ? 'danger' : 'primary'}`}
          disabled={rotate.isPending}
          onClick={() => rotate.mutate()}
        >
          {rotate.isPending ? 'Replacing…' : 'Replace the token'}
        </button>
      </div>
    </Modal>
  );
}

function Deletion({ project }: { project: Project }) {
  const [asking, setAsking] = useState(false);
  return (
    <Matter
      title="Delete this project"
      about="Its replays, events, people, reports, keys and rules go for good. Nobody can read them from that moment on; the bytes are gone from the disk soon after."
      danger
    >
      <button type="button" className={`btn ${style.delete}`} onClick={() => setAsking(true)}>
        Delete project…
      </button>
      {asking && <DeleteDialog project={project} onClose={() => setAsking(false)} />}
    </Matter>
  );
}

function DeleteDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const remove = useMutation({
    mutationFn: () => deleteProject(project.project_id, typed),
    onSuccess: async () => {
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
      await navigate({ to: '/' });
    },
  });
  const right = typed === project.name;
  return (
    <Modal opened onClose={onClose} title={`Delete ${project.name}?`} size={460}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (right) remove.mutate();
        }}
      >
        <p className={`${form.text} ${style.text}`}>
          Everything that was recorded for it goes, and browsers that still send to it are refused.
          There is no way back, except a backup you made.
        </p>
        <Field
          label={`Type its name to confirm`}
          hint={
            <>
              The name is <b className={style.name}>{project.name}</b>
            </>
          }
        >
          {(attributes) => (
            <input
              {...attributes}
              className="field"
              autoComplete="off"
              spellCheck={false}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              data-autofocus
            />
          )}
        </Field>
        <Fault error={remove.error} otherwise="Nothing was deleted." />
        <div className={form.actions}>
          <button type="button" className="btn" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="btn danger" disabled={!right || remove.isPending}>
            {remove.isPending ? 'Deleting…' : 'Delete 1 project'}
          </button>
        </div>
      </form>
    </Modal>
  );
}
