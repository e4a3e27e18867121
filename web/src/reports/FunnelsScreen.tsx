import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Filter, SearchX } from 'lucide-react';
import { useMemo } from 'react';

import { eventNamesQuery } from '../api/queries';
import type { FunnelReport } from '../api/reports';
import { count } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { useProject } from '../shell/session';
import { Answer, NoEvents } from './Answer';
import { DARK, LIGHT, paints } from './colours';
import { FunnelBars, type PickPart, stepName } from './FunnelBars';
import { FunnelBuilder } from './FunnelBuilder';
import { FunnelTable } from './FunnelTable';
import { ReportFrame } from './ReportFrame';
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
import { funnelTable } from './tables';
import { type Points, usePoints } from './usePoints';
import { useReport } from './useReport';
import { eventLabel, funnelPointText, percent, rangeLabel, segmentName } from './words';

export function FunnelsScreen() {
  const { project_id: project, timezone } = useProject();
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
  const body = funnelBody(state, now, timezone);
  const report = useReport<FunnelReport, FunnelState>(project, 'funnel', body, state, ready);
  return (
    <ReportFrame
      kind="funnel"
      name="Funnels"
      body={body}
      points={points}
      point={readFunnelPoint(search.point)}
      show={search.show}
      pointText={(point) => funnelPointText(state, point)}
      error={report.error}
      question={<FunnelBuilder project={project} state={state} now={now} onChange={change} />}
      instead={
        names.data?.results.length === 0 &&
        state.steps.length === 0 && (
          <NoEvents project={project}>
            A funnel shows how many people go from one event to the next, where they stop, and the
            replays of those who did. Events come with the first visit to a page that has Playhead
            on it.
          </NoEvents>
        )
      }
    >
      {ready ? (
        <Answer report={report}>
          {(answered) => (
            <Found
              state={answered.state}
              report={answered.found}
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
            A funnel needs two events: what people begin with, and what they should get to. Each bar
            then opens the replays of those who went on and of those who did not.
          </Trouble>
        </div>
      )}
    </ReportFrame>
  );
}

function Found(props: {
  state: FunnelState;
  report: FunnelReport;
  palette: readonly string[];
  points: Points<FunnelPoint>;
}) {
  const { state, palette, points } = props;
  const { segments } = props.report;
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
        taken={() => funnelTable(state, props.report)}
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
