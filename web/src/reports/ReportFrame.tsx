import { type ReactNode, useEffect } from 'react';

import type { ReportKind } from '../api/reports';
import { preparePlayer } from '../replay/playerFrame';
import saved from '../saved/Saved.module.css';
import { SaveMenu } from '../saved/SaveMenu';
import { useSession } from '../shell/session';
import { Behind } from './Behind';
import type { Show } from './parts';
import { PointMenu } from './PointMenu';
import { ProblemContext } from './Problem';
import { problemOf } from './problems';
import style from './Reports.module.css';
import type { Points } from './usePoints';
import { Watching } from './Watching';

/** A report's screen: the question at the left, the answer beside it, and what is behind a point over both. */
export function ReportFrame<Point extends object>(props: {
  kind: ReportKind;
  /** "Insights". */
  name: string;
  body: object;
  points: Points<Point>;
  /** The point whose replays, people or events the address asks for. */
  point: Point | null;
  show: Show | undefined;
  /** What a point is: "Dropped after Add to Cart · 18 Nov". */
  pointText: (point: Point) => string;
  /** What the menu of a point has at its end, beside what every point's has. */
  more?: (point: Point) => ReactNode;
  /** Of the answer; what it names of the question is said there. */
  error: Error | null;
  question: ReactNode;
  /** In the place of both, when there is nothing to ask yet. */
  instead?: ReactNode;
  children: ReactNode;
}) {
  const { kind, body, points, point, show } = props;
  const { replay_origin } = useSession();
  useEffect(() => preparePlayer(replay_origin), [replay_origin]);
  if (props.instead) {
    return (
      <div className={style.screen}>
        <h1 className="unseen">{props.name}</h1>
        {props.instead}
      </div>
    );
  }
  const opened = point && {
    kind,
    body,
    point,
    title: props.pointText(point),
    onClose: points.back,
  };
  return (
    <div className={style.screen}>
      <div className={style.report} inert={point !== null}>
        <aside className={style.side} aria-label="What is asked">
          <div className={saved.head}>
            <h1>{props.name}</h1>
            <SaveMenu kind={kind} />
          </div>
          <ProblemContext value={problemOf(props.error)}>{props.question}</ProblemContext>
        </aside>
        <section className={style.main} aria-label="The answer">
          {props.children}
        </section>
      </div>
      <PointMenu points={points} more={props.more} />
      {opened && (show ? <Behind key={show} show={show} {...opened} /> : <Watching {...opened} />)}
    </div>
  );
}
