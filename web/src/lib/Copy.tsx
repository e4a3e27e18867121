import { Check, Copy as CopyIcon } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';

import { Tip } from './Tip';

/** `true` for a moment after something was copied. */
export function useCopy(): [boolean, (text: string) => void] {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1600);
    return () => clearTimeout(timer);
  }, [done]);
  return [done, (text) => void toClipboard(text).then(() => setDone(true))];
}

export function Copy(props: { text: string; label: string; children?: ReactNode }) {
  const [done, copy] = useCopy();
  const Icon = done ? Check : CopyIcon;
  const button = (
    <button
      type="button"
      className={props.children ? 'btn' : 'icon'}
      aria-label={props.children ? undefined : props.label}
      onClick={() => copy(props.text)}
    >
      <Icon size={14} aria-hidden />
      {props.children && (done ? 'Copied' : props.children)}
    </button>
  );
  return (
    <>
      {props.children ? button : <Tip label={done ? 'Copied' : props.label}>{button}</Tip>}
      <span className="unseen" role="status">
        {done ? 'Copied' : ''}
      </span>
    </>
  );
}

/** Over plain HTTP (not loopback) browsers give no clipboard; the old way still works there. */
async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.style.position = 'fixed';
  field.style.opacity = '0';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
