import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleOff, Clapperboard, CloudOff } from 'lucide-react';

import { HttpError } from '../api/http';
import type { PreviewSample, Project, ReplayDetail } from '../api/types';
import { Trouble } from '../lib/Trouble';
import type { ReplayController } from '../replay/controller';
import type { RuleSearch } from '../routes';
import style from './Preview.module.css';
import { PreviewPlayer } from './PreviewPlayer';
import { ReplayPicker, playable } from './ReplayPicker';

/** The replay beside the form: which one, with the rule or as it was recorded, and the player. */
export function PreviewPane(props: {
  project: Project;
  detail: UseQueryResult<ReplayDetail>;
  /** There is no replay to try anything on. */
  none: boolean;
  controller: ReplayController | null;
  samples: PreviewSample[];
  view: RuleSearch['view'];
  /** There is a rule to show the replay with. */
  able: boolean;
  picking: boolean;
  narrow: boolean;
  onView: (view: RuleSearch['view']) => void;
  onReplay: (replay: string) => void;
  onPick: (selector: string) => void;
  onCancelPick: () => void;
}) {
  const { controller, detail, view } = props;
  return (
    <section className={style.pane} aria-label="The replay">
      <header className={style.head}>
        {props.none ? (
          <span />
        ) : (
          <ReplayPicker
            project={props.project}
            shown={detail.data ?? null}
            onChoose={props.onReplay}
          />
        )}
        {controller && props.able && (
          <div className={style.views} role="group" aria-label="Show the replay">
            <button
              type="button"
              aria-pressed={view === undefined}
              onClick={() => props.onView(undefined)}
            >
              With the rule
            </button>
            <button
              type="button"
              aria-pressed={view === 'recorded'}
              onClick={() => props.onView('recorded')}
            >
              As stored
            </button>
          </div>
        )}
      </header>
      {controller && detail.data && playable(detail.data) ? (
        <PreviewPlayer
          key={detail.data.replay_id}
          detail={detail.data}
          controller={controller}
          samples={props.samples}
          picking={props.picking}
          onPick={props.onPick}
          onCancelPick={props.onCancelPick}
          narrow={props.narrow}
        />
      ) : (
        <div className={style.instead} aria-busy={detail.isPending && !props.none}>
          {props.none ? (
            <Trouble
              icon={<Clapperboard size={18} />}
              title="No replay to try it on yet"
              action={
                <Link
                  className="btn"
                  to="/projects/$project/install"
                  params={{ project: props.project.project_id }}
                >
                  Install on your site
                </Link>
              }
            >
              You can make the rule all the same: it is checked when you save it, and applies to the
              first visit.
            </Trouble>
          ) : detail.data ? (
            <Trouble icon={<CircleOff size={18} />} title="This replay can’t be watched">
              Choose another one above to try the rule on.
            </Trouble>
          ) : (
            detail.error && (
              <Trouble
                icon={<CloudOff size={18} />}
                title="The replay could not be loaded"
                retry={() => void detail.refetch()}
              >
                {detail.error instanceof HttpError
                  ? detail.error.message
                  : 'The server could not be reached.'}
              </Trouble>
            )
          )}
        </div>
      )}
    </section>
  );
}
