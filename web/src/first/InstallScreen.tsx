import { Column } from '../lib/Column';
import { Copy } from '../lib/Copy';
import { useProject } from '../shell/session';
import style from './First.module.css';
import { SnippetTabs } from './SnippetTabs';

export function InstallScreen() {
  const project = useProject();
  return (
    <Column>
      <h1>Install on your site</h1>
      <p className={style.lead}>
        Visits of {project.name} are recorded with this project’s public token. It can only send;
        nobody can read anything with it.
      </p>
      <SnippetTabs project={project} />
      <dl className={style.facts}>
        <div>
          <dt>Project token</dt>
          <dd>
            <code>{project.token}</code> <Copy text={project.token} label="Copy the token" />
          </dd>
        </div>
        <div>
          <dt>Project id</dt>
          <dd>
            <code>{project.project_id}</code>{' '}
            <Copy text={project.project_id} label="Copy the project id" />
          </dd>
        </div>
        <div>
          <dt>Replays are kept</dt>
          <dd>{project.retention_days} days</dd>
        </div>
      </dl>
    </Column>
  );
}
