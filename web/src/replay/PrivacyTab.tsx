import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { EyeOff, ShieldCheck, ShieldQuestion } from 'lucide-react';
import { useSyncExternalStore } from 'react';

import { rulesQuery } from '../api/privacy';
import { plural } from '../lib/format';
import { KindIcon } from '../privacy/KindIcon';
import { SHORT_KINDS, meaning, modeName, told } from '../privacy/words';
import { Fact, type PanelProps } from './Details';
import details from './Details.module.css';
import style from './PrivacyTab.module.css';

/** How this recording was masked, in words that someone who answers for privacy can rely on. */
export function PrivacyTab({ detail, project, controller }: PanelProps) {
  const { privacy } = detail;
  const rules = useQuery(rulesQuery(project.project_id));
  const second = useSyncExternalStore(controller?.subscribe ?? (() => () => undefined), () =>
    controller ? Math.floor(controller.snapshot().at_ms / 1_000) * 1_000 : null,
  );
  const params = { project: project.project_id };
  const Shield = privacy.mode === null ? ShieldQuestion : ShieldCheck;
  return (
    <div className={details.facts}>
      <p className={style.meaning} data-mode={privacy.mode ?? 'unknown'}>
        <Shield size={18} strokeWidth={1.75} aria-hidden />
        <span>{meaning(privacy)}</span>
      </p>
      <dl>
        <Fact name="Masking">{modeName(privacy.mode)}</Fact>
        <Fact name="Masked">
          {told(privacy.masked, 'text or attribute', 'texts and attributes')}
        </Fact>
        <Fact name="Blocked">{told(privacy.blocked, 'element')}</Fact>
        <Fact name="Patterns">
          {privacy.patterns_matched === null
            ? 'Not counted for this recording'
            : privacy.patterns_matched === 0
              ? 'No match on arrival'
              : `${plural(privacy.patterns_matched, 'match', 'matches')} hidden on arrival`}
        </Fact>
        <Fact name="SDK">
          {privacy.library ? `${privacy.library} ${privacy.version ?? ''}` : 'Not told'}
        </Fact>
      </dl>
      <div className={style.head}>
        <h3>Rules that applied</h3>
        <Link to="/projects/$project/privacy" params={params} className="link">
          All rules
        </Link>
      </div>
      {privacy.rules.length === 0 ? (
        <p className={details.faint}>None: no rule of this project was in force.</p>
      ) : (
        <ul className={style.rules}>
          {privacy.rules.map((id) => {
            const rule = rules.data?.results.find((one) => one.rule_id === id);
            return (
              <li key={id}>
                {rule ? (
                  <>
                    <KindIcon kind={rule.kind} />
                    <div>
                      <code>{rule.expression}</code>
                      <span>{rule.note || SHORT_KINDS[rule.kind]}</span>
                    </div>
                  </>
                ) : rules.isPending ? (
                  <i className="bone" style={{ width: '70%', height: 12 }} />
                ) : rules.error ? (
                  <span>The rules could not be loaded.</span>
                ) : (
                  <span>A rule that was deleted since</span>
                )}
              </li>
            );
          })}
        </ul>
      )}
      <Link
        to="/projects/$project/privacy/new"
        params={params}
        search={{ replay: detail.replay_id, ...(second === null ? {} : { t: second }) }}
        className={`btn ${style.act}`}
      >
        <EyeOff size={14} aria-hidden /> Mask something in this replay…
      </Link>
    </div>
  );
}
