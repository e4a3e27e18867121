import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';

import style from './Trouble.module.css';

/** What happened and what to do, in the place of what could not be shown. */
export function Trouble(props: {
  title: string;
  children?: ReactNode;
  icon?: ReactNode;
  retry?: () => void;
  action?: ReactNode;
}) {
  return (
    <div className={style.trouble} role="status">
      {props.icon && <div className={style.icon}>{props.icon}</div>}
      <h2>{props.title}</h2>
      {props.children && <p>{props.children}</p>}
      {props.retry && (
        <button type="button" className="btn" onClick={props.retry}>
          <RotateCw size={14} aria-hidden /> Try again
        </button>
      )}
      {props.action}
    </div>
  );
}
