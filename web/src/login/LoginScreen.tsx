import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ArrowLeft, KeyRound, ShieldCheck, Terminal } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';

import { type Credentials, logIn, loginWaysQuery } from '../api/access';
import { HttpError } from '../api/http';
import { sessionQuery } from '../api/queries';
import { useNow } from '../lib/hooks';
import { Copy } from '../lib/Copy';
import { Field, textIn } from '../lib/Form';
import style from './Login.module.css';
import { loginTrouble, wayTrouble, waitText } from './words';

/** On every address, for whoever is not logged in; what was asked for is shown afterwards. */
export function LoginScreen() {
  const ways = useQuery(loginWaysQuery);
  const { error, code }: { error?: string; code?: string } = useSearch({ strict: false });
  const refused = error ?? (code === undefined ? undefined : 'link_spent');
  const [secondStep, setSecondStep] = useState<Credentials | null>(null);
  const oidc = ways.data?.oidc ?? [];
  return (
    <main className={style.page}>
      <div className={style.card}>
        <img src="/assets/playhead.svg" alt="" width={36} height={36} />
        {ways.data?.needs_setup ? (
          <>
            <h1>Open with a one-time link</h1>
            {refused && <Alert>{wayTrouble(refused)}</Alert>}
            <p>
              Nobody has a password here yet. On the machine that runs Playhead, ask for a link and
              open it in this browser; you can choose a password then.
            </p>
            <Command />
            <p className={style.small}>
              <KeyRound size={14} aria-hidden /> The server also prints one when it starts. A link
              works once.
            </p>
          </>
        ) : secondStep ? (
          <CodeStep credentials={secondStep} onBack={() => setSecondStep(null)} />
        ) : (
          <>
            <h1>Log in to Playhead</h1>
            {refused && <Alert>{wayTrouble(refused)}</Alert>}
            {ways.data && oidc.length > 0 && (
              <div className={style.providers}>
                {oidc.map(({ id, name, url }) => (
                  <a key={id} className="btn" href={url}>
                    <ShieldCheck size={15} aria-hidden /> Log in with {name}
                  </a>
                ))}
              </div>
            )}
            {ways.data && oidc.length > 0 && ways.data.password && (
              <div className={style.or}>
                <span>or</span>
              </div>
            )}
            {(!ways.data || ways.data.password) && <PasswordStep onCodeNeeded={setSecondStep} />}
            <details className={style.lost}>
              <summary>Can’t log in?</summary>
              <p>
                An owner or admin of your project can send you a new link under Settings, Members.
                Whoever runs the server makes one there:
              </p>
              <Command />
            </details>
          </>
        )}
      </div>
    </main>
  );
}

function Command() {
  return (
    <div className={style.command}>
      <Terminal size={14} aria-hidden />
      <code>playhead login-url</code>
      <Copy text="playhead login-url" label="Copy the command" />
    </div>
  );
}

/** Tries credentials, and counts down when there were too many tries. */
function useLogin(onCodeNeeded?: (credentials: Credentials) => void) {
  const queries = useQueryClient();
  const [openAt, setOpenAt] = useState(0);
  const now = useNow(openAt === 0 ? 60_000 : 250);
  const left_s = Math.max(0, Math.ceil((openAt - now) / 1_000));
  const attempt = useMutation({
    mutationFn: async (credentials: Credentials) => {
      await logIn(credentials);
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0 });
    },
    onError: (error, credentials) => {
      if (!(error instanceof HttpError)) return;
      if (error.code === 'code_needed') onCodeNeeded?.(credentials);
      if (error.status === 429) setOpenAt(Date.now() + (error.retryAfter_s ?? 60) * 1_000);
    },
  });
  const throttled = left_s > 0;
  const over = attempt.error instanceof HttpError && attempt.error.status === 429 && !throttled;
  const trouble = !attempt.error || over ? null : loginTrouble(attempt.error);
  return { attempt, trouble, throttled, left_s };
}

function Alert({ children }: { children: ReactNode }) {
  return (
    <p className={style.alert} role="alert">
      {children}
    </p>
  );
}

function Submit(props: { busy: boolean; throttled: boolean; left_s: number; children: string }) {
  return (
    <button
      type="submit"
      className={props.throttled ? `btn ${style.waits}` : 'btn primary'}
      disabled={props.busy || props.throttled}
    >
      {props.throttled ? (
        <span className="num">Try again in {waitText(props.left_s)}</span>
      ) : props.busy ? (
        'Logging in…'
      ) : (
        props.children
      )}
    </button>
  );
}

function PasswordStep({ onCodeNeeded }: { onCodeNeeded: (credentials: Credentials) => void }) {
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const { attempt, trouble, throttled, left_s } = useLogin(onCodeNeeded);
  const failed = attempt.isError;
  useEffect(() => email.current?.focus(), []);
  useEffect(() => {
    if (failed) password.current?.select();
  }, [failed]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    attempt.mutate({
      email: textIn(form, 'email'),
      // As it was typed: spaces belong to it.
      password: password.current?.value ?? '',
    });
  };
  return (
    <form className={style.form} onSubmit={submit}>
      {trouble && <Alert>{trouble}</Alert>}
      <Field label="E-mail">
        {(attributes) => (
          <input
            {...attributes}
            ref={email}
            className="field"
            type="email"
            name="email"
            autoComplete="username"
            required
            maxLength={320}
          />
        )}
      </Field>
      <Field label="Password">
        {(attributes) => (
          <input
            {...attributes}
            ref={password}
            className="field"
            type="password"
            name="password"
            autoComplete="current-password"
            required
            maxLength={1_024}
          />
        )}
      </Field>
      <Submit busy={attempt.isPending} throttled={throttled} left_s={left_s}>
        Log in
      </Submit>
    </form>
  );
}

function CodeStep({ credentials, onBack }: { credentials: Credentials; onBack: () => void }) {
  const [recovery, setRecovery] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const { attempt, trouble, throttled, left_s } = useLogin();
  const failed = attempt.isError;
  useEffect(() => {
    input.current?.focus();
    if (failed) input.current?.select();
  }, [failed, recovery]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = textIn(new FormData(event.currentTarget), 'code').replaceAll(/\s/g, '');
    attempt.mutate({ ...credentials, code });
  };
  return (
    <>
      <h1>{recovery ? 'Use a recovery code' : 'Enter the code of your app'}</h1>
      <p>
        {recovery
          ? 'One of the codes you kept when you set up two-step log-in. Each works once.'
          : `Six digits, from the authenticator app that knows ${credentials.email}.`}
      </p>
      <form className={style.form} onSubmit={submit}>
        {trouble && <Alert>{trouble}</Alert>}
        <Field key={String(recovery)} label={recovery ? 'Recovery code' : 'Code'}>
          {(attributes) => (
            <input
              {...attributes}
              ref={input}
              className={`field ${style.code}`}
              name="code"
              required
              autoComplete={recovery ? 'off' : 'one-time-code'}
              inputMode={recovery ? 'text' : 'numeric'}
              maxLength={40}
              spellCheck={false}
            />
          )}
        </Field>
        <Submit busy={attempt.isPending} throttled={throttled} left_s={left_s}>
          Log in
        </Submit>
      </form>
      <div className={style.ways}>
        <button type="button" className="link" onClick={onBack}>
          <ArrowLeft size={13} aria-hidden /> Back
        </button>
        <button
          type="button"
          className="link"
          onClick={() => {
            attempt.reset();
            setRecovery(!recovery);
          }}
        >
          {recovery ? 'Use the app instead' : 'Use a recovery code'}
        </button>
      </div>
    </>
  );
}
