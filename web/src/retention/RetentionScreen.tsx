import { useComputedColorScheme } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { SearchX } from 'lucide-react';
import { useMemo } from 'react';

import type { RetentionReport } from '../api/retention';
import { TableMenu } from '../lib/TableMenu';
import { useNow } from '../lib/hooks';
import { Trouble } from '../lib/Trouble';
import { Answer, Bones, NoEvents } from '../reports/Answer';
import { DARK, LIGHT, paints } from '../reports/colours';
import { ReportFrame } from '../reports/ReportFrame';
import style from '../reports/Reports.module.css';
import { type Points, usePoints } from '../reports/usePoints';
import { useReport } from '../reports/useReport';
import { useUsualEvent } from '../reports/useUsualEvent';
import { eventLabel, percent, rangeLabel, segmentName } from '../reports/words';
import { namedSearch } from '../saved/search';
import { useProject } from '../shell/session';
import { RetentionBuilder } from './RetentionBuilder';
import { RetentionCurve } from './RetentionCurve';
import { type PickCell, RetentionTable } from './RetentionTable';
import own from './Retention.module.css';
import {
  type RetentionPoint,
  type RetentionSearch,
  type RetentionState,
  inPeriod,
  periodName,
  readRetention,
  readRetentionPoint,
  retentionBody,
  retentionPointText,
  writeRetention,
} from './state';
import { retentionTable, shareOf, sizeOf } from './table';

export function RetentionScreen() {
  const { project_id: project, timezone } = useProject();
  const search: RetentionSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const now = useNow(60_000);
  const points = usePoints<RetentionPoint>(search);

  const asked = JSON.stringify(writeRetention(readRetention(search as Record<string, unknown>)));
  const state = useMemo(() => readRetention(JSON.parse(asked) as Record<string, unknown>), [asked]);
  const change = (next: RetentionState, replace = false) => {
    points.forget();
    void navigate({
      to: '.',
      search: (before) => ({ ...writeRetention(next), ...namedSearch(before) }),
      replace,
    });
  };
  const ready = state.first !== null;
  const events = useUsualEvent(project, !ready, (event) => {
    change({ ...state, first: { event, filters: [] } }, true);
  });
  const body = retentionBody(state, now, timezone);
  // What the cells show is asked nobody for.
  const question = useMemo(
    () => ({ ...state, outcome: 'returned' as const, people: false }),
    [state],
  );
  const report = useReport<RetentionReport, RetentionState>(
    project,
    'retention',
    body,
    question,
    ready,
  );
  return (
    <ReportFrame
      kind="retention"
      name="Retention"
      body={body}
      points={points}
      point={readRetentionPoint(search.point)}
      show={search.show}
      pointText={(point) => retentionPointText(state, point)}
      error={report.error}
      question={<RetentionBuilder project={project} state={state} now={now} onChange={change} />}
      instead={
        events.none &&
        !ready && (
          <NoEvents project={project}>
            Retention shows how many people come back after they first did something, and the
            replays of those who did and of those who did not. Events come with the first visit to a
            page that has Playhead on it.
          </NoEvents>
        )
      }
    >
      {ready ? (
        <Answer report={report}>
          {({ state: answeredState, found }) => (
            <RetentionAnswer
              state={{ ...answeredState, outcome: state.outcome, people: state.people }}
              report={found}
              points={points}
              onShow={(shown) => change({ ...state, ...shown }, true)}
            />
          )}
        </Answer>
      ) : (
        <Bones />
      )}
    </ReportFrame>
  );
}

export function RetentionAnswer(props: {
  state: RetentionState;
  report: RetentionReport;
  points: Points<RetentionPoint>;
  /** On a board: the chart alone, which nothing can be asked of but what is behind it. */
  small?: true;
  onShow?: (shown: Partial<Pick<RetentionState, 'outcome' | 'people'>>) => void;
}) {
  const { state, report, points, small, onShow } = props;
  const scheme = useComputedColorScheme('light');
  const palette = scheme === 'dark' ? DARK : LIGHT;
  const { segments } = report;
  const painted = paints(
    segments.map((one) => one.segment ?? state.first?.event ?? ''),
    new Set(segments.flatMap((one, i) => (one.other ? [i] : []))),
  );
  const colours = painted.map((paint) => palette[paint.colour] as string);
  const pick: PickCell = (point, x, y, from) =>
    points.open({ point, title: retentionPointText(state, point), x, y, from });

  const people = segments.reduce((sum, segment) => sum + sizeOf(segment), 0);
  if (people === 0) {
    return (
      <div className={style.place}>
        <Trouble icon={<SearchX size={18} />} title="Nobody began">
          {rangeLabel(state.range)}, nobody did {eventLabel(state.first?.event ?? '')}. Choose other
          days, another first event or fewer filters.
        </Trouble>
      </div>
    );
  }
  const single = segments.length === 1;
  return (
    <>
      <div className={`${style.top} ${own.top}`}>
        <div className={style.legend}>
          {segments.map((segment, i) => {
            const first = segment.average[1];
            return (
              <span key={i} className={single ? own.said : undefined}>
                {!single && (
                  <i
                    className={style.dot}
                    data-dashed={painted[i]?.dashed || undefined}
                    style={{ background: colours[i] }}
                    aria-hidden
                  />
                )}
                <b title={segmentName(segment.segment)}>
                  {single
                    ? first
                      ? percent(shareOf(first.count, first.size, state.outcome))
                      : '–'
                    : segmentName(segment.segment)}
                </b>
                <em>
                  {single
                    ? `${state.outcome === 'returned' ? 'came back' : 'did not come back'} ${inPeriod(state.unit, 1)}, on average`
                    : first
                      ? percent(shareOf(first.count, first.size, state.outcome))
                      : '–'}
                </em>
              </span>
            );
          })}
        </div>
        {!small && (
          <div className={own.switches}>
            <Switch
              label="Which part of a cohort"
              value={state.outcome}
              names={{ returned: 'Came back', lost: 'Did not' }}
              onChange={(outcome) => onShow?.({ outcome })}
            />
            <Switch
              label="Cells show"
              value={state.people ? 'people' : 'share'}
              names={{ share: '%', people: 'People' }}
              onChange={(cells) => onShow?.({ people: cells === 'people' })}
            />
            <TableMenu table={() => retentionTable(state, report)} />
          </div>
        )}
      </div>
      <RetentionCurve
        state={state}
        segments={segments}
        colours={colours}
        dashed={painted.map((paint) => paint.dashed)}
        chosen={points.chosen}
        summary={summary(state, report)}
        onPick={pick}
      />
      {!small && (
        <>
          <RetentionTable
            state={state}
            report={report}
            colours={colours}
            chosen={points.chosen}
            onPick={pick}
          />
          <p className={style.took}>Answered in {report.took_ms.toLocaleString('en')} ms</p>
        </>
      )}
    </>
  );
}

function Switch<T extends string>(props: {
  label: string;
  value: T;
  names: Record<T, string>;
  onChange: (value: T) => void;
}) {
  return (
    <div className={own.switch} role="group" aria-label={props.label}>
      {(Object.entries(props.names) as [T, string][]).map(([value, name]) => (
        <button
          key={value}
          type="button"
          aria-pressed={props.value === value}
          onClick={() => props.onChange(value)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

/** The curve in words. */
function summary(state: RetentionState, report: RetentionReport): string {
  const each = report.segments.slice(0, 4).map((segment) => {
    const name = segment.segment === null ? 'On average' : segmentName(segment.segment);
    const told = segment.average.flatMap((one, n) =>
      one
        ? [`${periodName(state.unit, n)} ${percent(shareOf(one.count, one.size, state.outcome))}`]
        : [],
    );
    return `${name}: ${told.join(', ')}`;
  });
  const what = state.outcome === 'returned' ? 'came back' : 'did not come back';
  return `Retention, ${rangeLabel(state.range)}: the share of people who ${what}. ${each.join('. ')}. The table below has every number.`;
}
