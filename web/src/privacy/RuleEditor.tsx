import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { HttpError } from '../api/http';
import { addRule, previewQuery, rulesQuery } from '../api/privacy';
import { newestQuery, replayQuery } from '../api/queries';
import type { DraftRule } from '../api/types';
import { useNarrow } from '../lib/hooks';
import type { ReplayController } from '../replay/controller';
import type { RuleSearch } from '../routes';
import { useProject } from '../shell/session';
import { firstToShow, placeOf } from './matches';
import { Matches } from './Matches';
import { PreviewPane } from './PreviewPane';
import { playable } from './ReplayPicker';
import style from './RuleEditor.module.css';
import { RuleForm, type RulePatch } from './RuleForm';
import { usePreviewController } from './usePreviewController';

/** Making a rule, with what it does to a real replay beside it. What is typed is in the address. */
export function RuleEditor() {
  const project = useProject();
  const search: RuleSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const narrow = useNarrow();
  const change = (patch: RulePatch) =>
    void navigate({
      to: '.',
      search: (before) => ({ ...before, ...patch }) as RuleSearch,
      replace: true,
    });

  const draft: DraftRule = { kind: search.kind ?? 'pattern', expression: search.expression ?? '' };
  const newest = useQuery({
    ...newestQuery(project.project_id, {}),
    refetchInterval: false,
    enabled: search.replay === undefined,
  });
  const replay = search.replay ?? newest.data?.results.find(playable)?.replay_id;
  // The address keeps the replay that was taken for want of a choice, so that a reload shows the same.
  useEffect(() => {
    if (search.replay !== undefined || replay === undefined) return;
    void navigate({ to: '.', search: (before) => ({ ...before, replay }), replace: true });
  }, [search.replay, replay, navigate]);
  const detail = useQuery({
    ...replayQuery(project.project_id, replay ?? ''),
    enabled: replay !== undefined,
  });
  const ready = detail.data && playable(detail.data) ? detail.data : null;
  const preview = useQuery({
    ...previewQuery(project.project_id, replay ?? '', draft),
    enabled: ready !== null && draft.expression !== '',
  });
  const fault =
    preview.error instanceof HttpError && preview.error.status === 400
      ? preview.error.message
      : null;

  const save = useMutation({
    mutationFn: (note: string) =>
      addRule(project.project_id, { ...draft, ...(note ? { note } : {}) }),
    onSuccess: async (rule) => {
      await queries.invalidateQueries(rulesQuery(project.project_id));
      await navigate({
        to: '/projects/$project/privacy',
        params: { project: project.project_id },
        search: { saved: rule.rule_id },
      });
    },
  });

  const applied = preview.data && search.view !== 'recorded' ? [draft] : [];
  const controller = usePreviewController(project.project_id, ready, applied, search.t ?? null);
  // A rule shows its first match, unless someone has been to another place since.
  const samples = preview.data?.samples;
  const put = useRef<{ controller: ReplayController; at_ms: number } | null>(null);
  useEffect(() => {
    const first = samples && firstToShow(samples);
    if (!controller || !first) return;
    const { at_ms, first_ms } = controller.snapshot();
    const left_ms = put.current?.controller === controller ? put.current.at_ms : first_ms;
    if (Math.abs(at_ms - left_ms) > 500) return;
    put.current = { controller, at_ms: placeOf(first) };
    controller.seek(put.current.at_ms);
  }, [controller, samples]);
  const [picking, setPicking] = useState(false);

  return (
    <div className={style.screen}>
      <section className={style.side} aria-label="The rule">
        <div className={style.scroll}>
          <Link
            to="/projects/$project/privacy"
            params={{ project: project.project_id }}
            className={style.back}
          >
            <ArrowLeft size={14} aria-hidden /> Privacy rules
          </Link>
          <h1>New rule</h1>
          <RuleForm
            draft={draft}
            note={search.note ?? ''}
            fault={
              fault ??
              (save.error instanceof HttpError && save.error.status === 400
                ? save.error.message
                : null)
            }
            change={(patch) => {
              save.reset();
              change(patch);
            }}
            canPick={controller !== null}
            picking={picking}
            onPick={() => setPicking(!picking)}
          />
          <Matches
            draft={draft}
            preview={fault === null ? preview : null}
            detail={ready}
            onShow={(sample) => {
              controller?.pause();
              controller?.seek(placeOf(sample));
            }}
          />
        </div>
        <Foot
          kind={draft.kind}
          able={draft.expression !== '' && fault === null}
          busy={save.isPending}
          trouble={save.error}
          onSave={() => save.mutate(search.note ?? '')}
        />
      </section>
      <PreviewPane
        project={project}
        detail={detail}
        none={newest.data !== undefined && replay === undefined}
        controller={controller}
        samples={preview.data?.samples ?? []}
        view={search.view}
        able={applied.length > 0 || search.view === 'recorded'}
        picking={picking}
        narrow={narrow}
        onView={(view) => change({ view })}
        onReplay={(id) => change({ replay: id, t: undefined })}
        onPick={(selector) => {
          setPicking(false);
          change({ expression: selector });
        }}
        onCancelPick={() => setPicking(false)}
      />
    </div>
  );
}

function Foot(props: {
  kind: DraftRule['kind'];
  able: boolean;
  busy: boolean;
  trouble: Error | null;
  onSave: () => void;
}) {
  const { trouble } = props;
  return (
    <footer className={style.foot}>
      <p>
        {props.kind === 'pattern'
          ? 'In force within 2 seconds, whichever SDK sends.'
          : 'In force within 2 seconds: open pages apply it with their next upload, and visits of other SDKs can be watched once it was applied here.'}{' '}
        Replays that are stored already stay as they are; you can apply it to them next.
      </p>
      {trouble && !(trouble instanceof HttpError && trouble.status === 400) && (
        <p className={style.trouble} role="alert">
          {trouble instanceof HttpError
            ? trouble.message
            : 'The server could not be reached. The rule is not in force.'}
        </p>
      )}
      <button
        type="button"
        className="btn primary"
        disabled={!props.able || props.busy}
        onClick={props.onSave}
      >
        {props.busy
          ? 'Saving…'
          : `${{ pattern: 'Hide', mask: 'Mask', block: 'Block' }[props.kind]} from now on`}
      </button>
    </footer>
  );
}
