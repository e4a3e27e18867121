import { useComputedColorScheme } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';

import type { InsightsReport } from '../api/reports';
import { useNow } from '../lib/hooks';
import { namedSearch } from '../saved/search';
import { useProject } from '../shell/session';
import { Answer, Bones, NoEvents } from './Answer';
import { DARK, LIGHT, paints } from './colours';
import { InsightsAnswer } from './InsightsAnswer';
import { InsightsBuilder } from './InsightsBuilder';
import { ReportFrame } from './ReportFrame';
import {
  type InsightsPoint,
  type InsightsSearch,
  type InsightsState,
  insightsBody,
  readInsights,
  readInsightsPoint,
  subjectKeys,
  writeInsights,
} from './state';
import { usePoints } from './usePoints';
import { useReport } from './useReport';
import { useUsualEvent } from './useUsualEvent';
import { insightsPointText } from './words';

export function InsightsScreen() {
  const { project_id: project, timezone } = useProject();
  const search: InsightsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const scheme = useComputedColorScheme('light');
  const points = usePoints<InsightsPoint>(search);

  const asked = JSON.stringify(writeInsights(readInsights(search as Record<string, unknown>)));
  const state = useMemo(() => readInsights(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: InsightsState, replace = false) => {
    points.forget();
    void navigate({
      to: '.',
      search: (before) => ({ ...writeInsights(next), ...namedSearch(before) }),
      replace,
    });
  };

  const nothing = state.metrics.length === 0;
  const events = useUsualEvent(project, nothing, (event) => {
    change({ ...state, metrics: [{ event, measure: 'total', filters: [] }] }, true);
  });

  const body = insightsBody(state, now, timezone);
  const report = useReport<InsightsReport, InsightsState>(
    project,
    'insights',
    body,
    state,
    !nothing,
  );
  const palette = scheme === 'dark' ? DARK : LIGHT;
  const colours = paints(subjectKeys(state)).map((paint) => palette[paint.colour] as string);

  return (
    <ReportFrame
      kind="insights"
      name="Insights"
      body={body}
      points={points}
      point={readInsightsPoint(search.point)}
      show={search.show}
      pointText={(point) => insightsPointText(state, point)}
      error={report.error}
      question={
        <InsightsBuilder
          project={project}
          state={state}
          now={now}
          colours={colours}
          onChange={change}
        />
      }
      instead={
        events.none &&
        nothing && (
          <NoEvents project={project}>
            Insights show how often something happened, by how many people, over time, and the
            replays behind each point. Events come with the first visit to a page that has Playhead
            on it.
          </NoEvents>
        )
      }
    >
      {nothing && events.pending ? (
        <Bones />
      ) : (
        <Answer report={report}>
          {(answered) => (
            <InsightsAnswer
              state={answered.state}
              report={answered.found}
              palette={palette}
              points={points}
              change={change}
            />
          )}
        </Answer>
      )}
    </ReportFrame>
  );
}
