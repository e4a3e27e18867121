import { Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Download } from 'lucide-react';
import { QRCodeSVG } from 'qrcode.react';
import { type FormEvent, useEffect, useRef, useState } from 'react';

import { reason } from '../api/http';
import { confirmTotp, endTotp, startTotp } from '../api/access';
import { sessionQuery } from '../api/queries';
import type { SessionMember } from '../api/types';
import { Copy } from '../lib/Copy';
import { save } from '../lib/download';
import { Fault, Field, textIn } from '../lib/Form';
import form from '../lib/Form.module.css';
import { Matter } from '../settings/parts';
import rows from '../settings/Rows.module.css';
import style from './Account.module.css';
import { inFours, recoveryFile } from './words';

/** A second step at log-in: the code of an app. */
export function TwoStep({ member }: { member: SessionMember }) {
  const [open, setOpen] = useState<'set-up' | 'turn-off' | null>(null);
  const close = () => setOpen(null);
  const action = member.totp ? (
    <>
      <span className={`${rows.badge} ${style.on}`} data-good>
        <Check size={12} aria-hidden /> On
      </span>
      <button type="button" className="btn" onClick={() => setOpen('turn-off')}>
        Turn off…
      </button>
    </>
  ) : (
    member.has_password && (
      <button type="button" className="btn" onClick={() => setOpen('set-up')}>
        Set up…
      </button>
    )
  );
  return (
    <Matter
      level={2}
      title="Two-step log-in"
      about={
        member.totp
          ? 'After your password, log-in asks for the code of your authenticator app.'
          : member.has_password
            ? 'With it, a password alone lets nobody in: log-in also asks for a code of an authenticator app on your phone.'
            : 'Protects a password with a code of an authenticator app. Choose a password first.'
      }
      action={action}
    >
      {open === 'set-up' && <SetUp email={member.email ?? ''} onClose={close} />}
      {open === 'turn-off' && <TurnOff onClose={close} />}
    </Matter>
  );
}

function useSessionAgain() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries(sessionQuery);
}

const codeOf = (event: FormEvent<HTMLFormElement>) => {
  event.preventDefault();
  return textIn(new FormData(event.currentTarget), 'code').replaceAll(/\s/g, '');
};

function SetUp({ email, onClose }: { email: string; onClose: () => void }) {
  const again = useSessionAgain();
  const start = useQuery({
    queryKey: ['totp'],
    queryFn: startTotp,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const confirm = useMutation({ mutationFn: confirmTotp });
  const codes = confirm.data?.recovery_codes;
  const done = () => {
    onClose();
    void again();
  };
  if (codes) return <Recovery codes={codes} email={email} onClose={done} />;
  return (
    <Modal opened onClose={onClose} title="Set up two-step log-in" size={520}>
      <form onSubmit={(event) => confirm.mutate(codeOf(event))}>
        {start.error ? (
          <Fault error={start.error} otherwise="Two-step log-in is still off." />
        ) : (
          <div className={style.setup} aria-busy={!start.data}>
            {start.data ? (
              <QRCodeSVG
                value={start.data.uri}
                title="QR code for an authenticator app"
                className={style.qr}
                level="M"
                bgColor="#ffffff"
                fgColor="#000000"
              />
            ) : (
              <div className={`${style.qr} bone`} />
            )}
            <ol>
              <li>
                <b>Scan it with an authenticator app</b>, such as 1Password, Google Authenticator or
                Aegis.
              </li>
              <li>
                Can’t scan? Type this key instead:
                <span className={style.typed}>
                  {start.data ? (
                    <>
                      <code>{inFours(start.data.secret)}</code>
                      <Copy text={start.data.secret} label="Copy the key" />
                    </>
                  ) : (
                    <i className="bone" style={{ width: 200, height: 12, margin: '9px 0' }} />
                  )}
                </span>
              </li>
              <li>
                <b>Enter the six digits</b> that the app shows.
              </li>
            </ol>
          </div>
        )}
        <div className={style.codeForm}>
          <CodeField
            label="Code of the app"
            numeric
            fault={confirm.error && reason(confirm.error, 'Two-step log-in is still off.')}
          />
        </div>
        <div className={form.actions}>
          <button type="button" className="btn" onClick={onClose}>
            Not now
          </button>
          <button type="submit" className="btn primary" disabled={!start.data || confirm.isPending}>
            {confirm.isPending ? 'Checking…' : 'Turn on two-step log-in'}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function CodeField(props: { label: string; numeric?: true; fault: string | null }) {
  const { label, numeric, fault } = props;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (fault !== null) input.current?.select();
  }, [fault]);
  return (
    <Field label={label} fault={fault}>
      {(attributes) => (
        <input
          {...attributes}
          ref={input}
          className={numeric ? `field ${style.digits}` : 'field'}
          name="code"
          required
          inputMode={numeric ? 'numeric' : 'text'}
          autoComplete="one-time-code"
          maxLength={40}
          spellCheck={false}
          data-autofocus
        />
      )}
    </Field>
  );
}

/** Shown once: the way in for whoever loses the phone. */
function Recovery(props: { codes: string[]; email: string; onClose: () => void }) {
  const { codes } = props;
  const content = recoveryFile(codes, props.email, location.host);
  return (
    <Modal
      opened
      onClose={props.onClose}
      title="Two-step log-in is on. Keep these codes"
      size={480}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <p className={form.text}>
        If you lose your phone, each of these lets you in once in place of a code. They are shown
        only now: put them where you keep passwords.
      </p>
      <ul className={style.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={form.actions}>
        <button
          type="button"
          className="btn"
          onClick={() =>
            save('playhead-recovery-codes.txt', new Blob([content], { type: 'text/plain' }))
          }
        >
          <Download size={14} aria-hidden /> Download
        </button>
        <Copy text={codes.join('\n')} label="Copy the codes">
          Copy
        </Copy>
        <button type="button" className="btn primary" onClick={props.onClose}>
          I have kept them
        </button>
      </div>
    </Modal>
  );
}

function TurnOff({ onClose }: { onClose: () => void }) {
  const again = useSessionAgain();
  const off = useMutation({
    mutationFn: endTotp,
    onSuccess: () => {
      onClose();
      void again();
    },
  });
  return (
    <Modal opened onClose={onClose} title="Turn off two-step log-in?" size={420}>
      <form onSubmit={(event) => off.mutate(codeOf(event))}>
        <p className={form.text}>
          Your password alone lets anyone in who has it. The recovery codes stop working.
        </p>
        <div className={style.codeForm}>
          <CodeField
            label="Code of the app, or a recovery code"
            fault={off.error && reason(off.error, 'Two-step log-in is still on.')}
          />
        </div>
        <div className={form.actions}>
          <button type="button" className="btn" onClick={onClose}>
            Keep it on
          </button>
          <button type="submit" className="btn danger" disabled={off.isPending}>
            {off.isPending ? 'Turning off…' : 'Turn off two-step log-in'}
          </button>
        </div>
      </form>
    </Modal>
  );
}
