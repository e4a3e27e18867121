import { useId, useState } from 'react';

import type { Project } from '../api/types';
import { Copy } from '../lib/Copy';
import { useSession } from '../shell/session';
import style from './First.module.css';
import { type Snippet, snippets } from './snippets';

export function SnippetTabs({ project }: { project: Project }) {
  const session = useSession();
  const all = snippets(project, session);
  const [at, setAt] = useState(0);
  const id = useId();
  const shown = all[at] as Snippet;
  const move = (to: number) => {
    const next = (to + all.length) % all.length;
    setAt(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };
  return (
    <div className={style.snippet}>
      <div className={style.tabs} role="tablist" aria-label="Ways to install">
        {all.map((snippet, i) => (
          <button
            key={snippet.name}
            id={`${id}-${i}`}
            type="button"
            role="tab"
            aria-selected={i === at}
            aria-controls={`${id}-code`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => setAt(i)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight') move(at + 1);
              if (event.key === 'ArrowLeft') move(at - 1);
            }}
          >
            {snippet.name}
          </button>
        ))}
      </div>
      <div id={`${id}-code`} role="tabpanel" aria-labelledby={`${id}-${at}`}>
        <div className={style.file}>
          <span>{shown.file}</span>
          <Copy text={shown.code} label="Copy">
            Copy
          </Copy>
        </div>
        {/* It scrolls sideways, with the keyboard too. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre className={style.code} tabIndex={0} aria-label="The snippet" role="group">
          <code>{shown.code}</code>
        </pre>
        <p className={style.note}>{shown.note}</p>
      </div>
    </div>
  );
}
