import { Modal } from '@mantine/core';
import { type ReactNode, useState } from 'react';

import { reason } from '../api/http';
import { Field, textIn } from './Form';
import style from './Form.module.css';

/** Asks before something is gone for good. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  /** What the button says: "Delete 1 report". */
  action: string;
  busy: string;
  /** What the other button says. */
  keep?: string;
  /** What is still so when the server can't be reached. */
  otherwise: string;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const act = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await props.act();
      props.onClose();
    } catch (error) {
      setTrouble(reason(error, props.otherwise));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={props.onClose} title={props.title} size={420}>
      <p className={style.text}>{props.children}</p>
      {trouble && (
        <p className={`${style.fault} ${style.small}`} role="alert">
          {trouble}
        </p>
      )}
      <div className={style.actions}>
        <button type="button" className="btn" onClick={props.onClose} data-autofocus>
          {props.keep ?? 'Keep it'}
        </button>
        <button type="button" className="btn danger" disabled={busy} onClick={() => void act()}>
          {busy ? props.busy : props.action}
        </button>
      </div>
    </Modal>
  );
}

export interface Naming {
  name: string;
  description: string;
}

/** A name, and a few words about what is named. */
export function NameDialog(props: {
  title: string;
  action: string;
  given?: Naming;
  placeholder: string;
  otherwise: string;
  act: (naming: Naming) => Promise<unknown>;
  onClose: () => void;
}) {
  const { given } = props;
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const submit = async (form: FormData) => {
    setBusy(true);
    setTrouble(null);
    try {
      await props.act({ name: textIn(form, 'name'), description: textIn(form, 'description') });
      props.onClose();
    } catch (error) {
      setTrouble(reason(error, props.otherwise));
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={props.onClose} title={props.title} size={440}>
      <form
        className={style.form}
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <Field label="Name">
          {(attributes) => (
            <input
              {...attributes}
              className="field"
              name="name"
              required
              pattern=".*\S.*"
              maxLength={200}
              autoComplete="off"
              defaultValue={given?.name}
              placeholder={props.placeholder}
              data-autofocus
            />
          )}
        </Field>
        <Field label="Description, if it helps">
          {(attributes) => (
            <textarea
              {...attributes}
              className="field"
              name="description"
              rows={2}
              maxLength={2_000}
              defaultValue={given?.description}
            />
          )}
        </Field>
        {trouble && (
          <p className={style.fault} role="alert">
            {trouble}
          </p>
        )}
        <div className={style.actions}>
          <button type="button" className="btn" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={busy}>
            {busy ? 'Saving…' : props.action}
          </button>
        </div>
      </form>
    </Modal>
  );
}
