import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { CloudOff, Plus, ShieldCheck, X } from 'lucide-react';

import { reason } from '../api/http';
import { rulesQuery } from '../api/privacy';
import type { Project, Rule } from '../api/types';
import { Trouble } from '../lib/Trouble';
import type { PrivacySearch } from '../routes';
import { useProject } from '../shell/session';
import { KindIcon } from './KindIcon';
import style from './Privacy.module.css';
import { RuleBones, RuleRow } from './RuleRow';
import { ApplyToStored, StoredReplays } from './StoredReplays';
import { STARTING_POINTS } from './words';

export function PrivacyScreen() {
  const project = useProject();
  const search: PrivacySearch = useSearch({ strict: false });
  const { data, error, refetch } = useQuery(rulesQuery(project.project_id));
  const rules = data?.results;
  const saved = rules?.find((rule) => rule.rule_id === search.saved);
  return (
    <div className={style.screen}>
      <div className={style.column}>
        <header className={style.title}>
          <h1>Privacy rules</h1>
          <Link
            className="btn primary"
            to="/projects/$project/privacy/new"
            params={{ project: project.project_id }}
          >
            <Plus size={15} aria-hidden /> New rule
          </Link>
        </header>
        <p className={style.lead}>
          The SDK masks in the visitor’s browser, and what it masks never arrives here. Rules stop
          what slips through on a site that is already deployed: within seconds, before anything is
          written down.
        </p>
        {saved && rules && <Saved project={project} rule={saved} rules={rules.length} />}
        {error && !data ? (
          <Trouble
            icon={<CloudOff size={18} />}
            title="The rules could not be loaded"
            retry={() => void refetch()}
          >
            {reason(error)} Rules that were made stay in force.
          </Trouble>
        ) : !rules ? (
          <ul className={style.rules} aria-busy="true" aria-label="Loading the rules">
            <RuleBones />
            <RuleBones />
          </ul>
        ) : rules.length === 0 ? (
          <NoRule project={project} />
        ) : (
          <ul className={style.rules} aria-label="Rules in force">
            {rules.map((rule) => (
              <RuleRow
                key={rule.rule_id}
                project={project}
                rule={rule}
                fresh={rule.rule_id === search.saved}
              />
            ))}
          </ul>
        )}
        {!(error && !data) && (
          <StoredReplays
            project={project}
            rules={rules ?? null}
            unfolded={search.job}
            offered={saved !== undefined}
          />
        )}
      </div>
    </div>
  );
}

function Saved(props: { project: Project; rule: Rule; rules: number }) {
  const { project, rule } = props;
  const navigate = useNavigate();
  return (
    <div className={style.saved} role="status">
      <ShieldCheck size={18} strokeWidth={1.75} aria-hidden />
      <div>
        <b>The rule is in force for everything that arrives from now on.</b>
        <p>
          {rule.kind !== 'pattern' &&
            'Pages that are open apply it with their next upload, within seconds. '}
          Replays that were stored before still hold what it hides, until the rules are applied to
          them.
        </p>
        <ApplyToStored project={project} rules={props.rules} />
      </div>
      <button
        type="button"
        className="icon"
        aria-label="Close this note"
        onClick={() =>
          void navigate({
            to: '/projects/$project/privacy',
            params: { project: project.project_id },
            replace: true,
          })
        }
      >
        <X size={15} />
      </button>
    </div>
  );
}

function NoRule({ project }: { project: Project }) {
  return (
    <section className={style.empty}>
      <h2>No rule yet</h2>
      <p>
        Nothing is missing: the SDK’s own masking is in force. Make a rule when something shows in a
        replay that should not, and try it on that replay before it applies. Common ones to start
        from:
      </p>
      <ul>
        {STARTING_POINTS.filter((_, i) => i !== 2).map(({ kind, name, expression, note }) => (
          <li key={name}>
            <Link
              to="/projects/$project/privacy/new"
              params={{ project: project.project_id }}
              search={{ kind, expression, note }}
            >
              <KindIcon kind={kind} size={16} />
              <span>
                <b>{name}</b>
                <code>{expression}</code>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
