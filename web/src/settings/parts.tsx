import { CloudOff } from 'lucide-react';
import { type ReactNode, useId } from 'react';

import { reason } from '../api/http';
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

/** What is good to know, point by point. */
export function Points({ children }: { children: readonly ReactNode[] }) {
  return (
    <ul className={style.points}>
      {children.map((one, i) => (
        <li key={i}>{one}</li>
      ))}
    </ul>
  );
}
