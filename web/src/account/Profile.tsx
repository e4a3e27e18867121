import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Check, Eye, EyeOff } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';

import { changeAccount, loginWaysQuery, setPassword } from '../api/access';
import { sessionQuery } from '../api/queries';
import type { SessionMember } from '../api/types';
import { Fault, Field, textIn } from '../lib/Form';
import form from '../lib/Form.module.css';
import { Matter } from '../settings/parts';
import style from './Account.module.css';

const SHORTEST = 10;

/** As it was typed: spaces belong to a password. */
const secretIn = (form: FormData, name: string) => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};

function useSessionAgain() {
  const queries = useQueryClient();
  return async () => {
    await Promise.all([
      queries.invalidateQueries(sessionQuery),
      queries.invalidateQueries(loginWaysQuery),
      queries.invalidateQueries({ queryKey: ['login-sessions'] }),
      queries.invalidateQueries({ queryKey: ['activity'] }),
    ]);
  };
}

function Saved({ children }: { children: ReactNode }) {
  return (
    <span className={form.saved} role="status">
      <Check size={14} aria-hidden /> {children}
    </span>
  );
}

function NameField({ value, onChange }: { value?: string; onChange?: (value: string) => void }) {
  return (
    <Field label="Name">
      {(attributes) => (
        <input
          {...attributes}
          className="field"
          name="name"
          autoComplete="name"
          required
          pattern=".*\S.*"
          maxLength={200}
          defaultValue={value}
          onChange={(event) => onChange?.(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Only who runs the server changes an address: nobody has verified that a new one is the member's own. */
function EmailField(props: {
  member: SessionMember;
  value: string;
  onChange?: (value: string) => void;
}) {
  const { member, value, onChange } = props;
  const fixed = !member.is_operator && member.email !== null;
  return (
    <Field
      label="E-mail"
      hint={
        fixed
          ? 'What you log in with. Who runs this server can change it.'
          : 'What you log in with.'
      }
    >
      {(attributes) => (
        <input
          {...attributes}
          className="field"
          type="email"
          name="email"
          autoComplete="username"
          required
          readOnly={fixed}
          maxLength={320}
          defaultValue={value}
          onChange={(event) => onChange?.(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A password that can be looked at while it is typed. */
function PasswordField(props: { name: 'current' | 'new'; label: string }) {
  const [shown, setShown] = useState(false);
  const fresh = props.name === 'new';
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field
      label={props.label}
      {...(fresh
        ? { hint: `At least ${SHORTEST} characters. A few words that nobody would guess do well.` }
        : {})}
    >
      {(attributes) => (
        <div className={style.secret}>
          <input
            {...attributes}
            className="field"
            type={shown ? 'text' : 'password'}
            name={props.name}
            autoComplete={fresh ? 'new-password' : 'current-password'}
            required
            minLength={fresh ? SHORTEST : 1}
            maxLength={1_024}
          />
          <button
            type="button"
            className="icon"
            aria-label={shown ? 'Hide what is typed' : 'Show what is typed'}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            <Icon size={15} aria-hidden />
          </button>
        </div>
      )}
    </Field>
  );
}

/** For whoever came in with a link: what they will log in with from now on. */
export function FinishAccount({ member }: { member: SessionMember }) {
  const again = useSessionAgain();
  const save = useMutation({
    mutationFn: async (given: FormData) => {
      await changeAccount({ name: textIn(given, 'name'), email: textIn(given, 'email') });
      await setPassword({ new: secretIn(given, 'new') });
    },
    onSuccess: again,
  });
  return (
    <Matter
      level={2}
      title="Finish your account"
      about="You have no password yet. Choose one to log in from anywhere, without a new link each time."
    >
      <form
        className={form.pair}
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          save.mutate(new FormData(event.currentTarget));
        }}
      >
        <NameField value={member.name ?? ''} />
        <EmailField member={member} value={member.email ?? ''} />
        <div className={style.wide}>
          <PasswordField name="new" label="Password" />
        </div>
        <div className={`${form.end} ${style.wide}`}>
          <button type="submit" className="btn primary" disabled={save.isPending}>
            {save.isPending ? 'Saving…' : 'Save and use these to log in'}
          </button>
          <Fault error={save.error} otherwise="Nothing was changed." />
        </div>
      </form>
    </Matter>
  );
}

export function Profile({ member }: { member: SessionMember }) {
  const again = useSessionAgain();
  const [name, setName] = useState(member.name ?? '');
  const [email, setEmail] = useState(member.email ?? '');
  const changed = name.trim() !== (member.name ?? '') || email.trim() !== (member.email ?? '');
  const save = useMutation({
    mutationFn: () => changeAccount({ name: name.trim(), email: email.trim() }),
    onSuccess: again,
  });
  return (
    <Matter level={2} title="Profile">
      <form
        className={form.pair}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <NameField value={name} onChange={setName} />
        <EmailField member={member} value={email} onChange={setEmail} />
        <div className={`${form.end} ${style.wide}`}>
          <button type="submit" className="btn" disabled={!changed || save.isPending}>
            {save.isPending ? 'Saving…' : 'Save profile'}
          </button>
          {save.isSuccess && !changed && <Saved>Saved</Saved>}
          <Fault error={save.error} otherwise="Nothing was changed." />
        </div>
      </form>
    </Matter>
  );
}

export function Password() {
  const again = useSessionAgain();
  const save = useMutation({
    mutationFn: ({ given }: { given: FormData; element: HTMLFormElement }) =>
      setPassword({ current: secretIn(given, 'current'), new: secretIn(given, 'new') }),
    onSuccess: async (_, { element }) => {
      element.reset();
      await again();
    },
  });
  return (
    <Matter
      level={2}
      title="Password"
      about="Changing it ends your sessions in all other browsers."
    >
      <form
        className={form.pair}
        onSubmit={(event) => {
          event.preventDefault();
          const element = event.currentTarget;
          save.mutate({ given: new FormData(element), element });
        }}
      >
        <PasswordField name="current" label="Current password" />
        <PasswordField name="new" label="New password" />
        <div className={`${form.end} ${style.wide}`}>
          <button type="submit" className="btn" disabled={save.isPending}>
            {save.isPending ? 'Changing…' : 'Change password'}
          </button>
          {save.isSuccess && <Saved>Changed; your other sessions were ended</Saved>}
          <Fault error={save.error} otherwise="Your password is still the old one." />
        </div>
      </form>
    </Matter>
  );
}
