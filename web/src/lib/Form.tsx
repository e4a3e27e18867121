import { type ReactNode, useId } from 'react';

import { reason } from '../api/http';
import { Copy } from './Copy';
import style from './Form.module.css';

/** What stands in a form's field, without the space around it. */
export function textIn(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
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

export function Fault({ error, otherwise }: { error: unknown; otherwise?: string }) {
  if (!error) return null;
  return (
    <p className={style.fault} role="alert">
      {reason(error, otherwise)}
    </p>
  );
}

/** Something to be copied: a link, a key. */
export function Handed({ text, label }: { text: string; label: string }) {
  return (
    <div className={style.handed}>
      <code>{text}</code>
      <Copy text={text} label={label}>
        Copy
      </Copy>
    </div>
  );
}
