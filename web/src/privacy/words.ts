/** What rules, masking modes and jobs are called, and what they mean, in words for people who answer for privacy. */
import type { Job, ReplayPrivacy, RuleKind } from '../api/types';
import { count, plural } from '../lib/format';

export const KINDS: Record<RuleKind, { name: string; does: string; expression: string }> = {
  pattern: {
    name: 'Hide text that matches a pattern',
    does: 'Each visible character of a match becomes *, in page text, addresses, events and profiles, whichever SDK sends them, before anything is written down. An id that matches becomes a pseudonym.',
    expression: 'Pattern',
  },
  mask: {
    name: 'Mask an element',
    does: 'All text in it becomes *. Its size and layout stay.',
    expression: 'CSS selector',
  },
  block: {
    name: 'Block an element',
    does: 'An empty box stands in its place: for images and embedded content too.',
    expression: 'CSS selector',
  },
};

export const SHORT_KINDS: Record<RuleKind, string> = {
  pattern: 'Hides text',
  mask: 'Masks element',
  block: 'Blocks element',
};

export interface StartingPoint {
  kind: RuleKind;
  name: string;
  expression: string;
  note: string;
}

export const STARTING_POINTS: StartingPoint[] = [
  {
    kind: 'pattern',
    name: 'E-mail addresses',
    expression: String.raw`[\w.+-]+@[\w-]+(\.[\w-]+)+`,
    note: 'E-mail addresses, wherever they stand',
  },
  {
    kind: 'pattern',
    name: 'Order numbers such as ORD-2026-00123',
    expression: String.raw`\bORD-\d{4}-\d{4,}\b`,
    note: 'Order numbers lead to a person',
  },
  {
    kind: 'pattern',
    name: 'Phone numbers with a country code',
    expression: String.raw`\+\d{1,3}[ -]?(\d[ -]?){6,12}`,
    note: 'Phone numbers',
  },
  {
    kind: 'mask',
    name: 'The address a parcel goes to',
    expression: 'address, .shipping-address',
    note: 'Names and addresses of customers',
  },
  {
    kind: 'block',
    name: 'An embedded support chat',
    expression: '#support-chat, iframe[src*="chat"]',
    note: 'Conversations with support',
  },
];

export function modeName(mode: ReplayPrivacy['mode']): string {
  switch (mode) {
    case 'text':
      return 'All text and input';
    case 'input':
      return 'Input only';
    case null:
      return 'Not told by this SDK';
  }
}

/** What the masking of a recording means, in one or two sentences. */
export function meaning(privacy: Pick<ReplayPrivacy, 'mode' | 'rules'>): string {
  const rules =
    privacy.rules.length > 0
      ? ` On top of that, ${privacy.rules.length === 1 ? 'a rule' : `${privacy.rules.length} rules`} of this project applied.`
      : '';
  switch (privacy.mode) {
    case 'text':
      return `Text on the page and everything typed was replaced by * in the visitor’s browser. It never reached this server.${rules}`;
    case 'input':
      return `What was typed was replaced by * in the visitor’s browser and never reached this server. Other text was recorded as the visitor saw it, except where the site marks it as private.${rules}`;
    case null:
      return `The SDK that recorded this visit does not tell how it masked. Take its text to be as the visitor saw it.${rules}`;
  }
}

export function told(value: number | null, one: string, many = `${one}s`): string {
  return value === null ? 'Not told by this SDK' : value === 0 ? 'None' : plural(value, one, many);
}

export function jobState(job: Job): string {
  switch (job.state) {
    case 'waiting':
      return 'Waiting for its turn';
    case 'running':
      return 'Applying the rules';
    case 'done':
      return job.failed > 0 ? 'Done, except for some' : 'Done';
    case 'cancelled':
      return 'Cancelled';
    case 'failed':
      return 'Stopped by an error';
  }
}

/** What a job did or does, in numbers. */
export function jobNumbers(job: Job): string {
  const parts = [
    job.state === 'done'
      ? plural(job.done, 'replay')
      : `${count(job.done)} of ${plural(job.total, 'replay')}`,
    job.state === 'waiting' ? '' : `${count(job.changed)} changed`,
    job.failed > 0 ? `${count(job.failed)} failed` : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

/** How long a running job still takes at the pace it had so far; null while that would be a guess. */
export function remaining_ms(job: Job, now: number): number | null {
  if (job.state !== 'running' || job.started_at === null || job.done === 0) return null;
  const spent = now - new Date(job.started_at).getTime();
  if (spent < 2_000 || job.done >= job.total) return null;
  return (spent / job.done) * (job.total - job.done);
}

/** `before` in runs of [text, whether the rule changed it], given what came out. */
export function changedRuns(before: string, after: string): [text: string, changed: boolean][] {
  const [was, is] = [[...before], [...after]];
  if (was.length !== is.length) return [[before, true]];
  const blank = (i: number) => /\s/.test(was[i] ?? '');
  const differs = (i: number) => i < was.length && was[i] !== is[i];
  // A rule keeps white space; inside what it hides, that is part of the run all the same.
  const nextDiffers = (from: number) => {
    let i = from;
    while (blank(i)) i++;
    return differs(i);
  };
  const runs: [string, boolean][] = [];
  was.forEach((character, i) => {
    const last = runs.at(-1);
    const changed = differs(i) || (blank(i) && last?.[1] === true && nextDiffers(i));
    if (last?.[1] === changed) last[0] += character;
    else runs.push([character, changed]);
  });
  return runs;
}
