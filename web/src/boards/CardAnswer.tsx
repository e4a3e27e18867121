import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CloudOff, SearchX } from 'lucide-react';
import { type ReactNode, Suspense, lazy, useEffect, useMemo, useRef, useState } from 'react';

import type { FlowsReport } from '../api/flows';
import { HttpError } from '../api/http';
import { newestQuery } from '../api/queries';
import type { FunnelReport, InsightsReport } from '../api/reports';
import type { RetentionReport } from '../api/retention';
import type { SavedReport } from '../api/saved';
import { Avatar } from '../feed/Avatar';
import { replaysSearch } from '../feed/search';
import { type FlowPoint, type FlowsState, flowsBody, readFlows } from '../flows/state';
import { ago, clock, exact, path, personLabel, plural } from '../lib/format';
import { useNow } from '../lib/hooks';
import { parseSearch } from '../lib/search';
import { Trouble } from '../lib/Trouble';
import { DARK, LIGHT } from '../reports/colours';
import { daysOf, readRange } from '../reports/parts';
import { PointMenu } from '../reports/PointMenu';
import {
  type FunnelPoint,
  type FunnelState,
  type InsightsPoint,
  type InsightsState,
  funnelBody,
  insightsBody,
  readFunnel,
  readInsights,
} from '../reports/state';
import { type Report, useReport } from '../reports/useReport';
import { rangeLabel } from '../reports/words';
import {
  type RetentionPoint,
  type RetentionState,
  readRetention,
  retentionBody,
} from '../retention/state';
import { questionOf } from '../saved/search';
import { useProject } from '../shell/session';
import style from './Board.module.css';
import { rangedSearch } from './cards';
import { useCardPoints } from './useCardPoints';

const InsightsAnswer = lazy(() =>
  import('../reports/InsightsAnswer').then((found) => ({ default: found.InsightsAnswer })),
);
const FunnelAnswer = lazy(() =>
  import('../reports/FunnelAnswer').then((found) => ({ default: found.FunnelAnswer })),
);
const RetentionAnswer = lazy(() =>
  import('../retention/RetentionScreen').then((found) => ({ default: found.RetentionAnswer })),
);
const FlowsAnswer = lazy(() =>
  import('../flows/FlowsScreen').then((found) => ({ default: found.FlowsAnswer })),
);

/** Replays that a card has room for. */
const SHOWN = 5;

interface CardProps {
  project: string;
  report: SavedReport;
  /** The question that is asked: the saved one, on the board's days. */
  search: string;
  /** Whether the card has been in sight: what nobody looks at is asked nobody for. */
  seen: boolean;
}

/** What a saved report answers now, drawn small. */
export function CardAnswer(props: {
  project: string;
  report: SavedReport;
  last: number | undefined;
}) {
  const { report, last } = props;
  const slot = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = slot.current;
    if (!element) return;
    const watcher = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
      },
      { rootMargin: '200px' },
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const search = questionOf(report.kind, rangedSearch(report.search, last));
  const KindOfCard = {
    insights: InsightsCard,
    funnel: FunnelCard,
    retention: RetentionCard,
    flows: FlowsCard,
    replays: ReplaysCard,
  }[report.kind];
  return (
    <div ref={slot} className={style.answer} data-kind={report.kind}>
      <KindOfCard project={props.project} report={report} search={search} seen={seen} />
    </div>
  );
}

/** The state that a question is, and the days that it asks for. */
function useAsked<State>(search: string, read: (raw: Record<string, unknown>) => State) {
  const { timezone } = useProject();
  const now = useNow(60_000);
  const state = useMemo(() => read(parseSearch(search)), [search, read]);
  return { state, now, timezone };
}

const usePalette = () => (useComputedColorScheme('light') === 'dark' ? DARK : LIGHT);

function InsightsCard({ project, report: saved, search, seen }: CardProps) {
  const { state, now, timezone } = useAsked(search, readInsights);
  const palette = usePalette();
  const points = useCardPoints<InsightsPoint>(saved, search);
  const asks = state.metrics.length > 0;
  const report = useReport<InsightsReport, InsightsState>(
    project,
    'insights',
    insightsBody(state, now, timezone),
    state,
    seen && asks,
  );
  return (
    <Body report={report} asks={asks} days={rangeLabel(state.range)}>
      {(answered) => (
        <InsightsAnswer
          small
          state={answered.state}
          report={answered.found}
          palette={palette}
          points={points}
        />
      )}
      <PointMenu points={points} />
    </Body>
  );
}

function FunnelCard({ project, report: saved, search, seen }: CardProps) {
  const { state, now, timezone } = useAsked(search, readFunnel);
  const palette = usePalette();
  const points = useCardPoints<FunnelPoint>(saved, search);
  const asks = state.steps.length > 1;
  const report = useReport<FunnelReport, FunnelState>(
    project,
    'funnel',
    funnelBody(state, now, timezone),
    state,
    seen && asks,
  );
  return (
    <Body report={report} asks={asks} days={rangeLabel(state.range)}>
      {(answered) => (
        <FunnelAnswer
          small
          state={answered.state}
          report={answered.found}
          palette={palette}
          points={points}
        />
      )}
      <PointMenu points={points} />
    </Body>
  );
}

function RetentionCard({ project, report: saved, search, seen }: CardProps) {
  const { state, now, timezone } = useAsked(search, readRetention);
  const points = useCardPoints<RetentionPoint>(saved, search);
  const asks = state.first !== null;
  const report = useReport<RetentionReport, RetentionState>(
    project,
    'retention',
    retentionBody(state, now, timezone),
    state,
    seen && asks,
  );
  return (
    <Body report={report} asks={asks} days={rangeLabel(state.range)}>
      {(answered) => (
        <RetentionAnswer small state={answered.state} report={answered.found} points={points} />
      )}
      <PointMenu points={points} />
    </Body>
  );
}

function FlowsCard({ project, report: saved, search, seen }: CardProps) {
  const { state, now, timezone } = useAsked(search, readFlows);
  const points = useCardPoints<FlowPoint>(saved, search);
  const asks = state.start !== null;
  const report = useReport<FlowsReport, FlowsState>(
    project,
    'flows',
    flowsBody(state, now, timezone),
    state,
    seen && asks,
  );
  return (
    <Body report={report} asks={asks} days={rangeLabel(state.range)}>
      {(answered) => (
        <FlowsAnswer small state={answered.state} report={answered.found} points={points} />
      )}
      <PointMenu points={points} />
    </Body>
  );
}

/** The answer, its bones, or what is wrong; under it the days that it is about. */
function Body<T, State>(props: {
  report: Report<T, State>;
  asks: boolean;
  days: string;
  children: [answer: (answered: { found: T; state: State }) => ReactNode, menu: ReactNode];
}) {
  const { report, days } = props;
  const [answer, menu] = props.children;
  if (!props.asks) {
    return (
      <Trouble title="This report asks nothing yet" icon={<SearchX size={18} />}>
        Open it, choose what it is about, and save the changes.
      </Trouble>
    );
  }
  if (report.error || report.stopped) {
    return (
      <Trouble
        title={report.stopped ? 'Cancelled' : 'No answer'}
        icon={<CloudOff size={18} />}
        retry={report.again}
      >
        {report.error instanceof HttpError
          ? report.error.message
          : !report.stopped && 'The server could not be reached.'}
      </Trouble>
    );
  }
  const bones = <CardBones busy={report.asking !== null} />;
  return (
    <>
      {report.answered ? (
        <div className={style.drawn} aria-busy={report.before}>
          <Suspense fallback={bones}>{answer(report.answered)}</Suspense>
        </div>
      ) : (
        bones
      )}
      <p className={style.days}>{days}</p>
      {menu}
    </>
  );
}

function CardBones({ busy }: { busy: boolean }) {
  return (
    <div className={style.bones} aria-busy={busy}>
      {[42, 55, 48, 70, 62, 80, 66].map((height) => (
        <div key={height} className="bone" style={{ height: `${height}%` }} />
      ))}
    </div>
  );
}

/** A playlist: its newest replays, and how many there are. */
function ReplaysCard({ project, report, search, seen }: CardProps) {
  const { timezone } = useProject();
  const now = useNow();
  const asked = parseSearch(search);
  const range = asked['last'] === undefined ? null : readRange(asked);
  const from = range && daysOf(range, now, timezone).from;
  const filter = replaysSearch({ ...asked, ...(from ? { from } : {}) });
  const found = useQuery({
    ...newestQuery(project, filter),
    enabled: seen,
    refetchInterval: 30_000,
  });
  if (found.isError && !found.data) {
    return (
      <Trouble title="No answer" icon={<CloudOff size={18} />} retry={() => void found.refetch()}>
        {found.error instanceof HttpError
          ? found.error.message
          : 'The server could not be reached.'}
      </Trouble>
    );
  }
  if (found.data?.total === 0) {
    return (
      <Trouble title="No replay matches" icon={<SearchX size={18} />}>
        The playlist fills by itself as soon as one does.
      </Trouble>
    );
  }
  return (
    <>
      <ol className={style.replays} aria-busy={seen && !found.data}>
        {found.data
          ? found.data.results.slice(0, SHOWN).map((row) => (
              <li key={row.replay_id}>
                <Link
                  to="/projects/$project/replays/$replay"
                  params={{ project, replay: row.replay_id }}
                  search={{ ...filter, report: report.report_id }}
                >
                  <Avatar person={row.person} size={22} />
                  <b>{personLabel(row.person)}</b>
                  <span>{row.start_url ? path(row.start_url) : ''}</span>
                  <span>{clock(row.duration_ms)}</span>
                  <time dateTime={row.started_at} title={exact(row.started_at)}>
                    {row.live ? 'live' : ago(row.started_at, now)}
                  </time>
                </Link>
              </li>
            ))
          : Array.from({ length: SHOWN }, (_, i) => (
              <li key={i} aria-hidden>
                <div className="bone" style={{ width: `${70 - i * 6}%`, height: 12 }} />
              </li>
            ))}
      </ol>
      <p className={style.days}>
        {found.data && plural(found.data.total, 'replay')}
        {range && `, ${rangeLabel(range).toLowerCase()}`}
      </p>
    </>
  );
}
