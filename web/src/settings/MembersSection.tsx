import { Menu, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Link2, ShieldCheck, UserMinus, UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';

import {
  type Invitation,
  type Member,
  changeMember,
  invite,
  linkFor,
  membersQuery,
  removeMember,
} from '../api/access';
import { sessionQuery } from '../api/queries';
import type { Project, Role } from '../api/types';
import { Confirm } from '../lib/Dialog';
import { exact, moment, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Tip } from '../lib/Tip';
import { useProject, useSession } from '../shell/session';
import { capital } from './dataWords';
import { Choice, Fault, Field, Handed, textIn } from '../lib/Form';
import form from '../lib/Form.module.css';
import { NotLoaded, SectionHead } from './parts';
import { ROLES, rolesToGive } from './roles';
import style from './Members.module.css';
import rows from './Rows.module.css';
import { initials, whyFixed } from './words';

export function MembersSection() {
  const project = useProject();
  const { data, error, refetch } = useQuery(membersQuery(project.project_id));
  const [inviting, setInviting] = useState(false);
  return (
    <>
      <SectionHead
        title="Members"
        action={
          <button type="button" className="btn primary" onClick={() => setInviting(true)}>
            <UserPlus size={15} aria-hidden /> Invite
          </button>
        }
      >
        Who sees this project, and what they may do. Every change stands in the audit log.
      </SectionHead>
      {error && !data ? (
        <NotLoaded what="The members" error={error} retry={() => void refetch()} />
      ) : (
        <ul className={rows.rows} aria-busy={!data} aria-label="Members">
          {data ? (
            data.map((member) => (
              <Row key={member.member_id} project={project} member={member} members={data} />
            ))
          ) : (
            <>
              <Bones />
              <Bones />
              <Bones />
            </>
          )}
        </ul>
      )}
      {data?.length === 1 && (
        <p className={style.alone}>
          You are alone here so far. Invite someone: they get a link that logs them in once, and
          choose their own password.
        </p>
      )}
      {inviting && <Invite project={project} onClose={() => setInviting(false)} />}
    </>
  );
}

function Row(props: { project: Project; member: Member; members: Member[] }) {
  const { project, member, members } = props;
  const session = useSession();
  const queries = useQueryClient();
  const now = useNow();
  const [removing, setRemoving] = useState(false);
  const [link, setLink] = useState<Invitation | null>(null);
  const shown = member.name || member.email || 'Member';
  const self = member.member_id === session.member.member_id;
  const fixed = whyFixed(member, members, project.rights);
  const again = () =>
    Promise.all([
      queries.invalidateQueries(membersQuery(project.project_id)),
      ...(self ? [queries.invalidateQueries(sessionQuery)] : []),
    ]);
  const change = useMutation({
    mutationFn: (body: { role?: Role; unmasked?: boolean }) =>
      changeMember(project.project_id, member.member_id, body),
    onSettled: again,
  });
  const renew = useMutation({
    mutationFn: () => linkFor(project.project_id, member.member_id),
    onSuccess: setLink,
  });
  const role = change.isPending ? (change.variables.role ?? member.role) : member.role;
  const unmasked = change.isPending
    ? (change.variables.unmasked ?? member.unmasked)
    : member.unmasked;
  const roles = rolesToGive(project.rights);
  const select = (
    <select
      className={`field ${style.role}`}
      aria-label={`Role of ${shown}`}
      value={role}
      disabled={fixed !== null}
      onChange={(event) => change.mutate({ role: event.currentTarget.value as Role })}
    >
      {(roles.includes(role) ? roles : [role, ...roles]).map((one) => (
        <option key={one} value={one}>
          {ROLES[one].name}
        </option>
      ))}
    </select>
  );
  return (
    <li className={`${rows.row} ${style.member}`}>
      <span className={style.face} aria-hidden>
        {initials(shown)}
      </span>
      <div className={rows.what}>
        <p className={rows.name}>
          <b>{shown}</b>
          {self && <span className={rows.badge}>You</span>}
          {member.is_operator && (
            <Tip label="Sees all projects as an owner and makes new ones">
              <span className={rows.badge}>Runs this server</span>
            </Tip>
          )}
          {member.totp && (
            <Tip label="Logs in with two steps">
              <span className={rows.badge}>
                <ShieldCheck size={12} aria-hidden /> 2-step
              </span>
            </Tip>
          )}
        </p>
        <p className={rows.facts}>
          {member.email && member.email !== shown && <span>{member.email}</span>}
          {member.last_seen_at ? (
            <span title={exact(member.last_seen_at)}>seen {when(member.last_seen_at, now)}</span>
          ) : (
            <span>not logged in yet</span>
          )}
        </p>
        <Fault error={change.error ?? renew.error} otherwise="Nothing was changed." />
      </div>
      <div className={style.controls}>
        <label
          className={style.sensitive}
          title={
            member.role === 'owner'
              ? 'Owners always see sensitive data'
              : project.unmasked
                ? 'Sees the properties that the Lexicon marks as sensitive'
                : 'Only who sees sensitive data can let others see it'
          }
        >
          <input
            type="checkbox"
            checked={unmasked}
            disabled={member.role === 'owner' || (!project.unmasked && !unmasked)}
            onChange={(event) => change.mutate({ unmasked: event.currentTarget.checked })}
          />
          <span>Sensitive data</span>
        </label>
        {fixed === null ? select : <Tip label={fixed}>{<span>{select}</span>}</Tip>}
        {self && fixed !== null ? (
          <span className={style.noMenu} />
        ) : (
          <Menu position="bottom-end" width={220} offset={4}>
            <Menu.Target>
              <button type="button" className="icon" aria-label={`More about ${shown}`}>
                <Ellipsis size={17} strokeWidth={1.75} />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {!self && (
                <Menu.Item leftSection={<Link2 size={14} />} onClick={() => renew.mutate()}>
                  Make a log-in link
                </Menu.Item>
              )}
              {!self && <Menu.Divider />}
              {fixed === null ? (
                <Menu.Item
                  data-danger
                  leftSection={<UserMinus size={14} />}
                  onClick={() => setRemoving(true)}
                >
                  {self ? 'Leave this project…' : 'Remove from project…'}
                </Menu.Item>
              ) : (
                <Menu.Label>{fixed}</Menu.Label>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {removing && (
        <Confirm
          title={self ? `Leave ${project.name}?` : `Remove ${shown} from ${project.name}?`}
          action={self ? 'Leave the project' : 'Remove 1 member'}
          keep={self ? 'Stay' : 'Keep them'}
          busy="Removing…"
          otherwise="Nothing was changed."
          act={async () => {
            await removeMember(project.project_id, member.member_id);
            await again();
          }}
          onClose={() => setRemoving(false)}
        >
          {self ? 'You see' : 'They see'} nothing of it from that moment on. What{' '}
          {self ? 'you' : 'they'} saved stays, and so does what the audit log says.
        </Confirm>
      )}
      {link && (
        <Modal opened onClose={() => setLink(null)} title={`A link for ${shown}`} size={500}>
          <OneTimeLink given={link} onClose={() => setLink(null)} />
        </Modal>
      )}
    </li>
  );
}

function Invite({ project, onClose }: { project: Project; onClose: () => void }) {
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>('analyst');
  const add = useMutation({
    mutationFn: (body: Parameters<typeof invite>[1]) => invite(project.project_id, body),
    onSuccess: () => queries.invalidateQueries(membersQuery(project.project_id)),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const name = textIn(given, 'name');
    add.mutate({
      email: textIn(given, 'email'),
      ...(name ? { name } : {}),
      role,
      unmasked: given.get('unmasked') !== null,
    });
  };
  if (add.data) {
    return (
      <Modal opened onClose={onClose} title={`${add.data.email ?? 'They'} can come in`} size={500}>
        <OneTimeLink given={add.data} onClose={onClose} />
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={`Invite to ${project.name}`} size={500}>
      <form className={form.form} onSubmit={submit}>
        <div className={form.pair}>
          <Field label="E-mail">
            {(attributes) => (
              <input
                {...attributes}
                className="field"
                type="email"
                name="email"
                autoComplete="off"
                required
                maxLength={320}
                data-autofocus
              />
            )}
          </Field>
          <Field label="Name, if you know it">
            {(attributes) => (
              <input
                {...attributes}
                className="field"
                name="name"
                autoComplete="off"
                maxLength={200}
              />
            )}
          </Field>
        </div>
        <fieldset className={form.choices}>
          <legend>Role</legend>
          {rolesToGive(project.rights).map((one) => (
            <Choice
              key={one}
              type="radio"
              name="role"
              checked={role === one}
              title={ROLES[one].name}
              onChange={() => setRole(one)}
            >
              {capital(ROLES[one].may)}
            </Choice>
          ))}
        </fieldset>
        {project.unmasked && role !== 'owner' && (
          <div className={form.choices}>
            <Choice type="checkbox" name="unmasked" title="May see sensitive data">
              Properties that the Lexicon marks as sensitive. Others see **** in their place.
            </Choice>
          </div>
        )}
        <Fault error={add.error} otherwise="Nobody was invited." />
        <div className={form.actions}>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={add.isPending}>
            {add.isPending ? 'Inviting…' : 'Invite and make a link'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

/** Playhead sends no mail: whoever invites passes the link on. */
function OneTimeLink({ given, onClose }: { given: Invitation; onClose: () => void }) {
  return (
    <>
      <p className={form.text}>
        {given.expires_at === null
          ? 'They have an account on this server already and see the project from now on. Playhead sends no mail, so tell them; this is the address:'
          : `Send them this link yourself, over a way you trust: whoever opens it first is logged in as them. It works once, until ${moment(given.expires_at)}.`}
      </p>
      <Handed text={given.invite_url} label="Copy the link" />
      {given.expires_at !== null && (
        <p className={form.small}>
          It is shown only now. You can make another as long as they have not logged in.
        </p>
      )}
      <div className={form.actions}>
        <button type="button" className="btn primary" onClick={onClose}>
          Done
        </button>
      </div>
    </>
  );
}

function Bones() {
  return (
    <li className={`${rows.row} ${style.member}`} aria-hidden>
      <i className={`bone ${style.face}`} />
      <div className={rows.what}>
        <i className="bone" style={{ display: 'block', width: 140, height: 11, marginBottom: 9 }} />
        <i
          className="bone"
          style={{ display: 'block', width: 220, maxWidth: '100%', height: 10 }}
        />
      </div>
      <i className={`bone ${style.role}`} />
    </li>
  );
}
