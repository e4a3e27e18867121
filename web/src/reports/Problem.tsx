import { CircleAlert } from 'lucide-react';
import { createContext, use } from 'react';

import style from './Builder.module.css';
import { type Problem as Found, isAt } from './problems';

/** What the server refuses of the question that is asked. */
export const ProblemContext = createContext<Found | null>(null);

/** Stands under a part of the question; says what is wrong with it, when something is. */
export function Problem(props: {
  /** The part's path in the body. */
  at: string;
  /** Paths inside it that say it themselves. */
  but?: string[];
}) {
  const problem = use(ProblemContext);
  if (!problem || !isAt(problem, props.at)) return null;
  if (props.but?.some((inner) => isAt(problem, inner))) return null;
  return (
    <p className={style.problem} role="alert">
      <CircleAlert size={13} aria-hidden /> {problem.text}
    </p>
  );
}

/** The problem when no part of the sentence has a place for it. */
export function OtherProblem({ places }: { places: string[] }) {
  const problem = use(ProblemContext);
  if (!problem || places.some((at) => isAt(problem, at))) return null;
  return (
    <p className={style.problem} role="alert">
      <CircleAlert size={13} aria-hidden /> <code>{problem.path}</code> {problem.text}
    </p>
  );
}
