import { HttpError } from '../api/http';

/** Which part of a question the server refuses, and why. */
export interface Problem {
  /** As the API writes it: `formulas[0].formula`. */
  path: string;
  text: string;
}

/** What of the body an error is about; null when it names no part. */
export function problemOf(error: Error | null): Problem | null {
  if (!(error instanceof HttpError) || error.status !== 400) return null;
  const found = /^`([a-z_]+[^`]*)`:? (.+)$/s.exec(error.message);
  if (!found) return null;
  const [, path = '', rest = ''] = found;
  return { path, text: rest.charAt(0).toUpperCase() + rest.slice(1) };
}

/** Whether a problem lies at a part of the question or inside it. */
export const isAt = (problem: Problem, at: string) =>
  problem.path === at || problem.path.startsWith(`${at}.`) || problem.path.startsWith(`${at}[`);
