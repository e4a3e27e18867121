import { Drawer } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CircleOff, CloudOff, Hourglass, TimerOff, Trash2 } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react';

import { HttpError, reason } from '../api/http';
import { recordingSource, replayQuery } from '../api/queries';
import type { Project, ReplayDetail, Stretch } from '../api/types';
import { moment, personLabel } from '../lib/format';
import type { ReplaysSearch } from '../feed/search';
import { Trouble } from '../lib/Trouble';
import { remember } from '../shell/recent';
import { useSession } from '../shell/session';
import { AddressBar } from './AddressBar';
import { BeingMasked } from './BeingMasked';
import { Controls } from './Controls';
import type { RecordingSource } from './controller';
import { Details } from './Details';
import style from './ReplayView.module.css';
import { Stage } from './Stage';
import { readAhead } from './readAhead';
import { StretchBar } from './StretchBar';
import { stretchAround } from './stretch';
import { Timeline } from './Timeline';
import { usePlayer } from './usePlayer';

export interface ViewProps {
  project: Project;
  replay: string;
  from_ms: number | null;
  /** The moment that the replay is watched for. */
  mark?: { at_ms: number; label: string } | null;
  tab: NonNullable<ReplaysSearch['tab']>;
  narrow: boolean;
  theatre: boolean;
  feedFolded: boolean;
  detailsFolded: boolean;
  detailsSheet: boolean;
  closeSheet: () => void;
  onFeed: () => void;
  onDetails: () => void;
  onTheatre: () => void;
  onEarlier: (() => void) | undefined;
  onLater: (() => void) | undefined;
  onDeleted: () => void;
}

export function ReplayView(props: ViewProps) {
  // Long before the player asks for it, the recording is on its way.
  const [source] = useState(() =>
    readAhead(recordingSource(props.project.project_id, props.replay), props.from_ms),
  );
  const detail = useQuery(replayQuery(props.project.project_id, props.replay));
  const label = detail.data && personLabel(detail.data.person);
  useEffect(() => {
    if (label)
      remember(props.project.project_id, { kind: 'replay', id: props.replay, name: label });
  }, [props.project.project_id, props.replay, label]);
  if (detail.data && detail.data.status === 'ready') {
    return <Playing {...props} detail={detail.data} source={source} />;
  }
  let inside: ReactNode;
  if (detail.data) inside = <NotPlayable detail={detail.data} project={props.project} />;
  else if (detail.error) {
    inside = (
      <CannotLoad
        error={detail.error}
        project={props.project}
        retry={() => void detail.refetch()}
      />
    );
  }
  return (
    <>
      <section className={style.player} aria-label="Player" aria-busy={!inside}>
        <AddressBar
          {...props}
          detail={detail.data ?? null}
          controller={null}
          failed={detail.error !== null}
        />
        <div className={style.stage}>{inside}</div>
        {!inside && (
          <div className={style.bones} aria-hidden>
            <div className="bone" style={{ height: 20 }} />
            <div className="bone" style={{ height: 10 }} />
            <div className="bone" style={{ width: 180, height: 14, marginTop: 14 }} />
          </div>
        )}
      </section>
      {!props.narrow && !props.detailsFolded && (detail.data || !inside) && (
        <aside className={style.details} aria-label="Details">
          {detail.data ? (
            <Details {...props} detail={closed(detail.data)} controller={null} />
          ) : (
            <DetailsBones />
          )}
        </aside>
      )}
    </>
  );
}

/** What was noted of a visit may quote what a rule hides: it stays closed with the replay. */
function closed(detail: ReplayDetail): ReplayDetail {
  return detail.status === 'masking' ? { ...detail, markers: [], pages: [] } : detail;
}

function Playing(props: ViewProps & { detail: ReplayDetail; source: RecordingSource }) {
  const { detail, project } = props;
  const session = useSession();
  const navigate = useNavigate();
  const section = useRef<HTMLElement>(null);
  const [stretch, setStretch] = useState<Stretch | null>(null);
  const { controller, size, step, fullscreen, setSpeed, setSkip } = usePlayer(
    section,
    props.source,
    detail,
    props.from_ms,
  );
  useEffect(() => {
    controller.update({
      inactive: detail.activity.inactive,
      first_ms: detail.first_ms,
      last_ms: detail.last_ms,
    });
  }, [controller, detail]);

  // The address says where the playhead stands whenever it stands still.
  useEffect(() => {
    let before = controller.snapshot().phase;
    return controller.subscribe(() => {
      const { phase, at_ms } = controller.snapshot();
      if (phase === before) return;
      before = phase;
      if (phase === 'paused') {
        void navigate({
          to: '.',
          search: (was) => ({ ...was, t: Math.round(at_ms) }),
          replace: true,
        });
      }
    });
  }, [controller, navigate]);
  const asked = props.from_ms;
  useEffect(() => {
    const { at_ms, phase } = controller.snapshot();
    if (
      asked !== null &&
      phase !== 'starting' &&
      Math.abs(asked - at_ms) > 1_500 &&
      phase === 'paused'
    ) {
      controller.seek(asked);
    }
  }, [controller, asked]);

  // A rule that came meanwhile closes the replay until it has been applied.
  const again = useCallback(() => controller.retry(), [controller]);
  // A wide page leaves room under it on a phone: the details go there, not into a sheet.
  const under = props.narrow && size !== null && size.width > size.height;
  const panel = <Details {...props} detail={detail} controller={controller} />;
  return (
    <>
      <section ref={section} className={style.player} aria-label="Player">
        <AddressBar
          {...props}
          detail={detail}
          controller={controller}
          onStretch={() => {
            controller.pause();
            setStretch(stretchAround(controller.snapshot().at_ms, detail.first_ms, detail.last_ms));
          }}
        />
        <Stage
          controller={controller}
          origin={session.replay_origin}
          ratio={under ? size.width / size.height : null}
          masking={<BeingMasked detail={detail} project={project} onWatchable={again} />}
        />
        {stretch && (
          <StretchBar
            project={project.project_id}
            detail={detail}
            controller={controller}
            stretch={stretch}
            onChange={setStretch}
            onClose={() => setStretch(null)}
          />
        )}
        <Timeline
          detail={detail}
          controller={controller}
          mark={props.mark ?? null}
          stretch={stretch}
        />
        <Controls
          {...props}
          detail={detail}
          controller={controller}
          setSpeed={setSpeed}
          setSkip={setSkip}
          step={step}
          fullscreen={fullscreen}
          detailsShown={under}
        />
        {under && <div className={style.under}>{panel}</div>}
      </section>
      {under ? null : props.narrow ? (
        <Drawer
          opened={props.detailsSheet}
          onClose={props.closeSheet}
          position="bottom"
          size="60%"
          title="Details"
          padding={0}
          withOverlay={false}
          lockScroll={false}
          trapFocus={false}
          classNames={{ header: style.sheetHead, body: style.sheetBody, content: style.sheet }}
        >
          {panel}
        </Drawer>
      ) : (
        !props.detailsFolded && (
          <aside className={style.details} aria-label="Details">
            {panel}
          </aside>
        )
      )}
    </>
  );
}

function NotPlayable({ detail, project }: { detail: ReplayDetail; project: Project }) {
  switch (detail.status) {
    case 'ready':
      return null;
    case 'arriving':
      return (
        <Trouble icon={<Hourglass size={18} />} title="This visit is just arriving">
          The page itself has not come yet. It starts here by itself as soon as it has.
        </Trouble>
      );
    case 'no_full_snapshot':
      return (
        <Trouble icon={<CircleOff size={18} />} title="The page itself never arrived">
          A recording begins with the whole page. It did not come, most often because the tab was
          closed within a second or a blocker stopped it. What did come is listed beside.
        </Trouble>
      );
    case 'masking':
      return <BeingMasked detail={detail} project={project} />;
    case 'expired':
      return (
        <Trouble icon={<TimerOff size={18} />} title="This replay has expired">
          {project.name} keeps replays for {project.retention_days} days; this one was kept until{' '}
          {moment(detail.expires_at)}.
        </Trouble>
      );
    case 'deleted':
      return (
        <Trouble icon={<Trash2 size={18} />} title="This replay was deleted">
          Its recording is gone from the stores and can’t be brought back.
        </Trouble>
      );
  }
}

function CannotLoad(props: { error: Error; project: Project; retry: () => void }) {
  const { error, project } = props;
  if (error instanceof HttpError) {
    if (error.code === 'replay_deleted') {
      return (
        <Trouble icon={<Trash2 size={18} />} title="This replay was deleted">
          Its recording is gone from the stores and can’t be brought back.
        </Trouble>
      );
    }
    if (error.status === 410) {
      return (
        <Trouble icon={<TimerOff size={18} />} title="This replay has expired">
          {project.name} keeps replays for {project.retention_days} days.
        </Trouble>
      );
    }
    // 400: what stands in the address can't be an id.
    if (error.status === 404 || error.status === 400) {
      return (
        <Trouble icon={<CircleOff size={18} />} title="There is no such replay">
          The link may be mistyped, or belong to another project than {project.name}.
        </Trouble>
      );
    }
  }
  return (
    <Trouble
      icon={<CloudOff size={18} />}
      title="The replay could not be loaded"
      retry={props.retry}
    >
      {reason(error)}
    </Trouble>
  );
}

function DetailsBones() {
  return (
    <div className={style.detailsBones} aria-hidden>
      <div className="bone" style={{ width: 160, height: 14 }} />
      <div className="bone" style={{ width: 110, height: 10 }} />
      {Array.from({ length: 9 }, (_, i) => (
        <div
          key={i}
          className="bone"
          style={{ width: `${80 - (i % 3) * 12}%`, height: 12, marginTop: 14 }}
        />
      ))}
    </div>
  );
}
