import { Menu } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { CornerDownRight, EyeOff, SearchX } from 'lucide-react';
import { useMemo } from 'react';

import type { FlowsReport } from '../api/flows';
import { TableMenu } from '../lib/TableMenu';
import { count, plural } from '../lib/format';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { Answer, Bones, NoEvents } from '../reports/Answer';
import { ReportFrame } from '../reports/ReportFrame';
import style from '../reports/Reports.module.css';
import { type Points, usePoints } from '../reports/usePoints';
import { useReport } from '../reports/useReport';
import { useUsualEvent } from '../reports/useUsualEvent';
import { eventLabel, percent, rangeLabel } from '../reports/words';
import { namedSearch } from '../saved/search';
import { useProject } from '../shell/session';
import { FlowsBuilder } from './FlowsBuilder';
import { FlowsChart, type PickFlow } from './FlowsChart';
import { FlowsTable } from './FlowsTable';
import {
  END,
  type FlowPoint,
  type FlowsSearch,
  type FlowsState,
  OTHER,
  flowPointText,
  flowsBody,
  nodeName,
  readFlowPoint,
  readFlows,
  writeFlows,
} from './state';
import { flowRows, flowsTable } from './table';

export function FlowsScreen() {
  const { project_id: project, timezone } = useProject();
  const search: FlowsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const points = usePoints<FlowPoint>(search);

  const asked = JSON.stringify(writeFlows(readFlows(search as Record<string, unknown>)));
  const state = useMemo(() => readFlows(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: FlowsState, replace = false) => {
    points.forget();
    void navigate({
      to: '.',
      search: (before) => ({ ...writeFlows(next), ...namedSearch(before) }),
      replace,
    });
  };
  const ready = state.start !== null;
  const events = useUsualEvent(project, !ready, (event) => {
    change({ ...state, start: { event, filters: [] } }, true);
  });
  const body = flowsBody(state, now, timezone);
  const report = useReport<FlowsReport, FlowsState>(project, 'flows', body, state, ready);

  /** What a node can do beside being looked behind. */
  const ofNode = (point: FlowPoint) => {
    if (!('event' in point) || point.event === OTHER || point.event === END) return null;
    const { event, step } = point;
    if (step === 0) return null;
    const named = eventLabel(event);
    return (
      <>
        <Menu.Divider />
        <Menu.Item
          leftSection={<CornerDownRight size={14} />}
          onClick={() => {
            points.close();
            change({ ...state, start: { event, filters: [] } });
          }}
        >
          Start from {named}
        </Menu.Item>
        <Menu.Item
          leftSection={<EyeOff size={14} />}
          onClick={() => {
            points.close();
            change({ ...state, hidden: [...new Set([...state.hidden, event])] });
          }}
        >
          Pass over {named}
        </Menu.Item>
      </>
    );
  };
  return (
    <ReportFrame
      kind="flows"
      name="Flows"
      body={body}
      points={points}
      point={readFlowPoint(search.point)}
      show={search.show}
      pointText={(point) => flowPointText(state, point)}
      more={ofNode}
      error={report.error}
      question={<FlowsBuilder project={project} state={state} now={now} onChange={change} />}
      instead={
        events.none &&
        !ready && (
          <NoEvents project={project}>
            Flows show what people do next after an event, or what led to it, and the replays of
            those who went each way. Events come with the first visit to a page that has Playhead on
            it.
          </NoEvents>
        )
      }
    >
      {ready ? (
        <Answer report={report}>
          {(answered) => (
            <FlowsAnswer state={answered.state} report={answered.found} points={points} />
          )}
        </Answer>
      ) : (
        <Bones />
      )}
    </ReportFrame>
  );
}

export function FlowsAnswer(props: {
  state: FlowsState;
  report: FlowsReport;
  points: Points<FlowPoint>;
  /** On a board: the chart alone, which nothing can be asked of but what is behind it. */
  small?: true;
}) {
  const { state, report, points, small } = props;
  const start = state.start ? eventLabel(state.start.event) : '';
  if (report.total === 0) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nobody began">
          {rangeLabel(state.range)}, nobody did {start}. Choose other days, another event or fewer
          filters.
        </Trouble>
      </div>
    );
  }
  const pick: PickFlow = (point, people, x, y, from) =>
    points.open({
      point,
      title: `${flowPointText(state, point)}: ${plural(people, 'person', 'people')}`,
      x,
      y,
      from,
    });
  return (
    <>
      <div className={style.top}>
        <div className={style.legend}>
          <span>
            <b title={report.total.toLocaleString('en')}>{count(report.total)}</b>
            <em>
              {report.total === 1 ? 'person' : 'people'} did {start}
            </em>
          </span>
        </div>
        {!small && <TableMenu table={() => flowsTable(state, report)} />}
      </div>
      <FlowsChart
        state={state}
        report={report}
        chosen={points.chosen}
        summary={summary(state, report)}
        onPick={pick}
      />
      {!small && (
        <>
          <FlowsTable state={state} report={report} chosen={points.chosen} onPick={pick} />
          <p className={style.took}>Answered in {report.took_ms.toLocaleString('en')} ms</p>
        </>
      )}
    </>
  );
}

/** The chart in words. */
function summary(state: FlowsState, report: FlowsReport): string {
  const named = (event: string) => nodeName(event, state.direction);
  const ways = flowRows(report)
    .filter((row) => row.step === 0)
    .slice(0, 5)
    .map((row) => `${named(row.to)} ${percent(row.share)}`);
  return `Paths of ${report.total.toLocaleString('en')} people ${state.direction} ${named(state.start?.event ?? '')}, ${rangeLabel(state.range)}. One step ${state.direction}: ${ways.join(', ')}. The table below has every way.`;
}
