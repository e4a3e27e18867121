import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Filter } from 'lucide-react';
import { useMemo } from 'react';

import { eventNamesQuery } from '../api/queries';
import type { FunnelReport } from '../api/reports';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { namedSearch } from '../saved/search';
import { useProject } from '../shell/session';
import { Answer, NoEvents } from './Answer';
import { DARK, LIGHT } from './colours';
import { FunnelAnswer } from './FunnelAnswer';
import { FunnelBuilder } from './FunnelBuilder';
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
import { usePoints } from './usePoints';
import { useReport } from './useReport';
import { funnelPointText } from './words';

export function FunnelsScreen() {
  const { project_id: project, timezone } = useProject();
  const search: FunnelSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const scheme = useComputedColorScheme('light');
  const points = usePoints<FunnelPoint>(search);

  const asked = JSON.stringify(writeFunnel(readFunnel(search as Record<string, unknown>)));
  const state = useMemo(() => readFunnel(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: FunnelState, replace = false) => {
    points.forget();
    void navigate({
      to: '.',
      search: (before) => ({ ...writeFunnel(next), ...namedSearch(before) }),
      replace,
    });
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
            <FunnelAnswer
              state={answered.state}
              report={answered.found}
              palette={scheme === 'dark' ? DARK : LIGHT}
              points={points}
              change={change}
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
