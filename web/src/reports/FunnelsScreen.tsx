import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Filter, SearchX } from 'lucide-react';
import { useEffect, useMemo } from 'react';

import { eventNamesQuery } from '../api/queries';
import { type FunnelReport, funnelQuery } from '../api/reports';
import { count } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { preparePlayer } from '../replay/playerFrame';
import { useProject, useSession } from '../shell/session';
import { Answer, NoEvents } from './Answer';
import { DARK, LIGHT, paints } from './colours';
import { FunnelBars, type PickPart, stepName } from './FunnelBars';
import { FunnelBuilder } from './FunnelBuilder';
import { FunnelTable } from './FunnelTable';
import { PointMenu } from './PointMenu';
import style from './Reports.module.css';
import {
  type FunnelPoint,
  type FunnelSearch,
  type FunnelState,
  funnelBody,
  readFunnel,
  readFunnelPoint,
  writeFunnel,
} from './state';
import { usePoints } from './useReport';
import { Watching } from './Watching';
import { eventLabel, funnelPointText, percent, rangeLabel, segmentName } from './words';

export function FunnelsScreen() {
  const project = useProject().project_id;
  const { replay_origin } = useSession();
  useEffect(() => preparePlayer(replay_origin), [replay_origin]);
  const search: FunnelSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const scheme = useComputedColorScheme('light');
  const points = usePoints<FunnelPoint>(search);

  const asked = JSON.stringify(writeFunnel(readFunnel(search as Record<string, unknown>)));
  const state = useMemo(() => readFunnel(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: FunnelState) => {
    points.forget();
    void navigate({ to: '.', search: writeFunnel(next) });
  };
  const names = useQuery(eventNamesQuery(project));
  const ready = state.steps.length >= 2;
  const body = funnelBody(state, now);
  const report = useQuery({ ...funnelQuery(project, body), enabled: ready });
  const point = readFunnelPoint(search.point);

  if (names.data?.results.length === 0 && state.steps.length === 0) {
    return (
      <div className={style.screen}>
        <h1 className="unseen">Funnels</h1>
        <NoEvents project={project}>
          A funnel shows how many people go from one event to the next, where they stop, and the
          replays of those who did. Events come with the first visit to a page that has Playhead on
          it.
        </NoEvents>
      </div>
    );
  }
  return (
    <div className={style.screen}>
      <div className={style.report} inert={point !== null}>
        <aside className={style.side} aria-label="What is asked">
          <h1>Funnels</h1>
          <FunnelBuilder project={project} state={state} now={now} onChange={change} />
        </aside>
        <section className={style.main} aria-label="The answer">
          {ready ? (
            <Answer report={report}>
              {(found) => (
                <Found
                  state={state}
                  report={found}
                  palette={scheme === 'dark' ? DARK : LIGHT}
                  points={points}
                />
              )}
            </Answer>
          ) : (
            <div className={style.place}>
              <Trouble
                icon={<Filter size={18} />}
                title={state.steps.length === 0 ? 'Choose the first steps' : 'Add one more step'}
              >
                A funnel needs two events: what people begin with, and what they should get to. Each
                bar then opens the replays of those who went on and of those who did not.
              </Trouble>
            </div>
          )}
        </section>
      </div>
      <PointMenu
        opened={points.opened}
        link={points.link}
        onWatch={points.watch}
        onClose={points.close}
      />
      {point && (
        <Watching
          kind="funnel"
          body={body}
          point={point}
          title={funnelPointText(state, point)}
          onClose={points.back}
        />
      )}
    </div>
  );
}

function Found(props: {
  state: FunnelState;
  report: FunnelReport;
  palette: readonly string[];
  points: ReturnType<typeof usePoints<FunnelPoint>>;
}) {
  const { state, palette, points } = props;
  // An answer to fewer steps than are asked by now belongs to the question before.
  const segments = props.report.segments.filter((one) => one.steps.length === state.steps.length);
  const single = segments.length === 1;
  const painted = single
    ? paints(
        state.order === 'any' ? state.steps.map(() => 'any') : state.steps.map((one) => one.event),
      )
    : paints(
        segments.map((one) => one.segment ?? ''),
        new Set(segments.flatMap((one, i) => (one.other ? [i] : []))),
      );
  const colours = painted.map((paint) => palette[paint.colour] as string);
  const pick: PickPart = (point, x, y, from) =>
    points.open({ point, title: funnelPointText(state, point), x, y, from });

  const first = eventLabel(state.steps[0]?.event ?? '');
  if (segments.every((one) => one.steps[0]?.count === 0)) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nobody began">
          {rangeLabel(state.range)}, nobody did {state.order === 'any' ? 'any of the steps' : first}
          . Choose other days, another first step or fewer filters.
        </Trouble>
      </div>
    );
  }
  const last = segments[0]?.steps.at(-1);
  return (
    <>
      <div className={style.top}>
        <div className={style.legend}>
          {single ? (
            <span>
              <b>{percent(last?.rate ?? 0)}</b>
              <em>
                {count(last?.count ?? 0)} of {count(segments[0]?.steps[0]?.count ?? 0)} came through
              </em>
            </span>
          ) : (
            segments.map((one, i) => (
              <span key={i}>
                <i className={style.dot} style={{ background: colours[i] }} aria-hidden />
                <b title={segmentName(one.segment)}>{segmentName(one.segment)}</b>
                <em>{percent(one.steps.at(-1)?.rate ?? 0)}</em>
              </span>
            ))
          )}
        </div>
      </div>
      <FunnelBars
        state={state}
        segments={segments}
        colours={colours}
        chosen={points.chosen}
        summary={summary(state, props.report)}
        onPick={pick}
      />
      <FunnelTable
        state={state}
        segments={segments}
        colours={colours}
        chosen={points.chosen}
        onPick={pick}
      />
      <p className={style.took}>Answered in {props.report.took_ms.toLocaleString('en')} ms</p>
    </>
  );
}

/** The funnel in words. */
function summary(state: FunnelState, report: FunnelReport): string {
  const of = report.segments.slice(0, 4).map((segment) => {
    const steps = segment.steps.map((step, i) => `${stepName(state, i + 1)} ${count(step.count)}`);
    const name = segment.segment === null ? '' : `${segmentName(segment.segment)}: `;
    return `${name}${steps.join(', ')}: ${percent(segment.steps.at(-1)?.rate ?? 0)} came through`;
  });
  return `Funnel, ${rangeLabel(state.range)}. ${of.join('. ')}. The table below has every number.`;
}
