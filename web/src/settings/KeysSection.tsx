import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';

import { type ApiKey, type Scope, keysQuery, makeKey, revokeKey } from '../api/access';
import type { Project } from '../api/types';
import { Confirm } from '../lib/Dialog';
import { exact, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import style from './Rows.module.css';
import { Choice, Fault, Field, Handed, textIn } from '../lib/Form';
import form from '../lib/Form.module.css';
import { NotLoaded, SectionHead } from './parts';
import { LIFETIMES, SCOPES, expiry, expiryText } from './words';

export function KeysSection() {
  const project = useProject();
  const { data, error, refetch } = useQuery(keysQuery(project.project_id));
  const [making, setMaking] = useState(false);
  const make = (
    <button type="button" className="btn primary" onClick={() => setMaking(true)}>
      <Plus size={15} aria-hidden /> New key
    </button>
  );
  return (
    <>
      <SectionHead title="API keys" action={data?.length === 0 ? undefined : make}>
        With a key, a program reads from this project or changes it. What it may do is in{' '}
        <a className="link" href="/api/docs">
          the API’s document
        </a>
        . Recording a site needs none: that is what the{' '}
        <Link
          className="link"
          to="/projects/$project/settings/project"
          params={{ project: project.project_id }}
        >
          project token
        </Link>{' '}
        is for.
      </SectionHead>
      {error && !data ? (
        <NotLoaded what="The keys" error={error} retry={() => void refetch()} />
      ) : data?.length === 0 ? (
        <Trouble icon={<KeyRound size={18} />} title="No key yet" action={make}>
          Make one for each program, with only the rights it needs; then one can be revoked without
          stopping the others.
        </Trouble>
      ) : (
        <ul className={style.rows} aria-busy={!data} aria-label="API keys">
          {data ? (
            data.map((one) => <Row key={one.key_id} project={project} apiKey={one} />)
          ) : (
            <>
              <Bones />
              <Bones />
            </>
          )}
        </ul>
      )}
      {making && <NewKey project={project} onClose={() => setMaking(false)} />}
    </>
  );
}

function Row({ project, apiKey }: { project: Project; apiKey: ApiKey }) {
  const queries = useQueryClient();
  const now = useNow();
  const [revoking, setRevoking] = useState(false);
  const [ends, nearness] = expiryText(apiKey.expires_at, now);
  const shown = apiKey.name || 'Key without a name';
  return (
    <li className={style.row} data-past={nearness === 'past' || undefined}>
      <div className={style.what}>
        <p className={style.name}>
          <b>{shown}</b>
          {apiKey.scopes.map((scope) => (
            <span key={scope} className={style.badge} title={SCOPES[scope].may}>
              {SCOPES[scope].name}
            </span>
          ))}
        </p>
        <p className={style.facts}>
          <span title={exact(apiKey.created_at)}>
            made {when(apiKey.created_at, now)}
            {apiKey.created_by && ` by ${apiKey.created_by}`}
          </span>
          {apiKey.last_used_at ? (
            <span title={exact(apiKey.last_used_at)}>
              last used {when(apiKey.last_used_at, now)}
            </span>
          ) : (
            <span>never used</span>
          )}
          <span
            data-nearness={nearness}
            title={apiKey.expires_at ? exact(apiKey.expires_at) : undefined}
          >
            {ends}
          </span>
        </p>
      </div>
      <button
        type="button"
        className="btn"
        aria-label={`Revoke ${shown}…`}
        onClick={() => setRevoking(true)}
      >
        Revoke…
      </button>
      {revoking && (
        <Confirm
          title={`Revoke ${shown}?`}
          action="Revoke 1 key"
          busy="Revoking…"
          otherwise="The key still works."
          act={async () => {
            await revokeKey(project.project_id, apiKey.key_id);
            await queries.invalidateQueries(keysQuery(project.project_id));
          }}
          onClose={() => setRevoking(false)}
        >
          Programs that use it are refused from that moment on. It can’t be brought back; a new key
          takes its place.
        </Confirm>
      )}
    </li>
  );
}

const ALL = Object.keys(SCOPES) as Scope[];

function NewKey({ project, onClose }: { project: Project; onClose: () => void }) {
  const queries = useQueryClient();
  const [scopes, setScopes] = useState<Scope[]>(['read']);
  const make = useMutation({
    mutationFn: (body: Parameters<typeof makeKey>[1]) => makeKey(project.project_id, body),
    onSuccess: () => queries.invalidateQueries(keysQuery(project.project_id)),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const expires_at = expiry(Number(given.get('days')), Date.now());
    make.mutate({
      name: textIn(given, 'name'),
      scopes,
      ...(expires_at ? { expires_at } : {}),
    });
  };
  if (make.data) {
    return (
      <Modal
        opened
        onClose={onClose}
        title={`The key “${make.data.name}”`}
        size={500}
        closeOnClickOutside={false}
      >
        <p className={form.text}>
          Copy it now and keep it where your program keeps its secrets. It is stored here only as a
          hash, so it can’t be shown again.
        </p>
        <Handed text={make.data.api_key} label="Copy the key" />
        <p className={form.small}>
          Sent as <code>Authorization: Bearer …</code>
        </p>
        <div className={form.actions}>
          <button type="button" className="btn primary" onClick={onClose}>
            I have kept it
          </button>
        </div>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="New API key" size={480}>
      <form className={form.form} onSubmit={submit}>
        <Field label="Name" hint="What will use it: “Nightly export”, “Support tool”.">
          {(attributes) => (
            <input
              {...attributes}
              className="field"
              name="name"
              autoComplete="off"
              required
              pattern=".*\S.*"
              maxLength={200}
              data-autofocus
            />
          )}
        </Field>
        <fieldset className={form.choices}>
          <legend>What it may do</legend>
          {ALL.map((scope) => (
            <Choice
              key={scope}
              type="checkbox"
              name="scope"
              checked={scopes.includes(scope)}
              title={SCOPES[scope].name}
              onChange={() =>
                setScopes((now) => ALL.filter((one) => now.includes(one) !== (one === scope)))
              }
            >
              {SCOPES[scope].may}
            </Choice>
          ))}
        </fieldset>
        <Field label="Works for">
          {(attributes) => (
            <select {...attributes} className="field" name="days" defaultValue={90}>
              {LIFETIMES.map(([days, name]) => (
                <option key={days} value={days}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Fault error={make.error} otherwise="No key was made." />
        <div className={form.actions}>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="btn primary"
            disabled={make.isPending || scopes.length === 0}
          >
            {make.isPending ? 'Making…' : 'Make the key'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Bones() {
  return (
    <li className={style.row} aria-hidden>
      <div className={style.what}>
        <i className="bone" style={{ display: 'block', width: 180, height: 11, marginBottom: 9 }} />
        <i
          className="bone"
          style={{ display: 'block', width: 300, maxWidth: '100%', height: 10 }}
        />
      </div>
    </li>
  );
}
