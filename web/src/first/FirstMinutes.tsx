import { ExternalLink } from 'lucide-react';

import type { Project } from '../api/types';
import { Column } from '../lib/Column';
import { useSampleShop } from '../shell/session';
import style from './First.module.css';
import { SnippetTabs } from './SnippetTabs';

/** A project without a replay yet: the snippet, and a line that waits and becomes the visit. */
export function FirstMinutes({ project }: { project: Project }) {
  const shop = useSampleShop();
  return (
    <Column>
      <h1>Watch the first visit</h1>
      <p className={style.lead}>
        Put this on your site, open it in another tab and click around. The visit appears here a
        moment later, live.
      </p>
      <SnippetTabs project={project} />
      <div className={style.listening} role="status">
        <span className={style.wave} aria-hidden>
          <i />
          <i />
          <i />
          <i />
          <i />
        </span>
        Listening for the first visit…
        {shop && (
          <a className="btn" href={shop} target="_blank" rel="noreferrer">
            Try it in the sample shop <ExternalLink size={13} aria-hidden />
          </a>
        )}
      </div>
    </Column>
  );
}
