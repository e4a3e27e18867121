import { CloudOff } from 'lucide-react';
import { type ReactNode, useId } from 'react';

import { HttpError } from '../api/http';
import { Trouble } from '../lib/Trouble';
import style from './parts.module.css';

/** The head of a section: what it is about, and what can be done with all of it. */
export function SectionHead(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <header className={style.head}>
      <div className={style.title}>
        <h2>{props.title}</h2>
        {props.action}
      </div>
      {props.children && <p className={style.lead}>{props.children}</p>}
    </header>
  );
}

/** One matter within a section, or on a screen of its own: what it is, what can be done, and its controls below. */
export function Matter(props: {
  title: string;
  level?: 2 | 3;
  children?: ReactNode;
  about?: ReactNode;
  action?: ReactNode;
  danger?: true;
}) {
  const id = useId();
  const Heading = `h${props.level ?? 3}` as const;
  return (
    <section className={style.matter} aria-labelledby={id} data-danger={props.danger}>
      <div className={style.title}>
        <Heading id={id}>{props.title}</Heading>
        {props.action}
      </div>
      {props.about && <p className={style.about}>{props.about}</p>}
      {props.children}
    </section>
  );
}

/** A control with its label, and what helps or hinders under it. */
export function Field(props: {
  label: string;
  hint?: ReactNode;
  fault?: string | null;
  children: (attributes: {
    id: string;
    'aria-describedby': string | undefined;
    'aria-invalid': true | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const { hint, fault } = props;
  return (
    <div className={style.field}>
      <label htmlFor={id}>{props.label}</label>
      {props.children({
        id,
        'aria-describedby': hint || fault ? `${id}-hint` : undefined,
        'aria-invalid': fault ? true : undefined,
      })}
      {(hint || fault) && (
        <p
          id={`${id}-hint`}
          className={fault ? style.fault : style.hint}
          role={fault ? 'alert' : undefined}
        >
          {fault ?? hint}
        </p>
      )}
    </div>
  );
}

/** One of several things to choose, with what it means. */
export function Choice(props: {
  type: 'radio' | 'checkbox';
  name: string;
  title: string;
  children: ReactNode;
  checked?: boolean;
  onChange?: () => void;
}) {
  return (
    <label className={style.choice}>
      <input
        type={props.type}
        name={props.name}
        {...(props.onChange ? { checked: props.checked, onChange: props.onChange } : {})}
      />
      <span>
        <b>{props.title}</b>
        <i>{props.children}</i>
      </span>
    </label>
  );
}

/** What a call that failed says; `otherwise` is what is still so when the server can't be reached. */
export function reason(error: unknown, otherwise = ''): string {
  return error instanceof HttpError
    ? error.message
    : `The server could not be reached. ${otherwise}`.trim();
}

export function Fault({ error, otherwise }: { error: unknown; otherwise?: string }) {
  if (!error) return null;
  return (
    <p className={style.fault} role="alert">
      {reason(error, otherwise)}
    </p>
  );
}

/** In the place of a list that could not be loaded. */
export function NotLoaded(props: { what: string; error: unknown; retry: () => void }) {
  return (
    <Trouble
      icon={<CloudOff size={18} />}
      title={`${props.what} could not be loaded`}
      retry={props.retry}
    >
      {reason(props.error)}
    </Trouble>
  );
}
