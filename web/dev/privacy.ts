/** Rules, previews and jobs of the mock API. Patterns are JavaScript's here, and selectors know tags, ids and classes. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { bodyOf, send } from './answer';
import type { RrwebEvent } from './recording';

interface Rule {
  rule_id: string;
  kind: string;
  expression: string;
  note: string;
  created_at: string;
  created_by: string;
}

const DAY = 86_400_000;
const rules: Rule[] = [
  {
    rule_id: 'r2',
    kind: 'mask',
    expression: 'address, .shipping-address',
    note: 'Names and addresses of customers',
    created_at: new Date(Date.now() - 3 * DAY).toISOString(),
    created_by: 'Owner',
  },
  {
    rule_id: 'r1',
    kind: 'pattern',
    expression: String.raw`\bORD-\d{4}-\d{4,}\b`,
    note: '',
    created_at: new Date(Date.now() - 40 * DAY).toISOString(),
    created_by: 'API key “deploy”',
  },
];

const NOT_REACHED = [
  'Profiles of people and groups that were stored before: patterns apply to what comes in from now on.',
  'Downloads, exports and screenshots that someone has made.',
  'Backups of the stores.',
  'Copies in other tools, such as a data warehouse that events were exported to.',
];

interface Job {
  job_id: string;
  created: number;
  total: number;
  cancelled: number | null;
}
const jobs: Job[] = [
  { job_id: 'job-1', created: Date.now() - 2 * DAY, total: 96, cancelled: null },
  { job_id: 'job-0', created: Date.now() - 9 * DAY, total: 31, cancelled: 9_000 },
];
const RUNS_MS = 14_000;

function jobOf(job: Job) {
  const spent = Math.min(Date.now() - job.created, job.cancelled ?? Infinity);
  const share = Math.min(1, Math.max(0, spent - 1_500) / RUNS_MS);
  const done = Math.floor(share * job.total);
  const state =
    job.cancelled !== null
      ? 'cancelled'
      : spent < 1_500
        ? 'waiting'
        : share < 1
          ? 'running'
          : 'done';
  const at = (ms: number) => new Date(job.created + ms).toISOString();
  return {
    job_id: job.job_id,
    state,
    total: job.total,
    done,
    changed: Math.floor(done * 0.4),
    failed: state === 'done' ? 1 : 0,
    created_at: at(0),
    started_at: spent < 1_500 ? null : at(1_500),
    finished_at: state === 'done' ? at(1_500 + RUNS_MS) : state === 'cancelled' ? at(spent) : null,
    error: null,
    not_reached: NOT_REACHED,
  };
}

/** What is wrong with a rule, or null. */
function fault(rule: { kind: string; expression: string }): string | null {
  if (rule.kind !== 'pattern')
    return /[{}]|^[>+~]|[>+~,]\s*$/.test(rule.expression)
      ? 'This is no CSS selector: “,” must be followed by another one.'
      : null;
  try {
    if (new RegExp(rule.expression).test('')) return 'The pattern matches nothing at all (“”).';
    return null;
  } catch (error) {
    return `This is no pattern: ${(error as Error).message.replace(/^.*?: \/.*\/\w*: /, '')}.`;
  }
}

const bad = (response: ServerResponse, message: string) =>
  send(response, 400, { error: { code: 'bad_rule', message } });

export async function privacyApi(
  request: IncomingMessage,
  response: ServerResponse,
  parts: string[],
  replays: number,
): Promise<void> {
  const empty = parts[2] === 'empty';
  const id = parts[5];
  if (parts[4] === 'rules') {
    if (request.method === 'GET')
      return send(response, 200, { results: empty ? [] : rules, version: 'a1b2' });
    if (request.method === 'DELETE') {
      rules.splice(
        rules.findIndex((rule) => rule.rule_id === id),
        1,
      );
      return send(response, 204, '', 'text/plain');
    }
    const given = (await bodyOf(request)) as unknown as Rule;
    const wrong = fault(given);
    if (wrong) return bad(response, wrong);
    const rule = {
      ...given,
      rule_id: `r${Date.now()}`,
      note: given.note ?? '',
      created_at: new Date().toISOString(),
      created_by: 'Owner',
    };
    rules.unshift(rule);
    return send(response, 201, rule);
  }
  if (request.method === 'GET')
    return send(response, 200, { results: empty ? [] : jobs.map(jobOf) });
  if (request.method === 'DELETE') {
    const job = jobs.find((one) => one.job_id === id);
    if (job) job.cancelled = Date.now() - job.created;
    return send(response, 204, '', 'text/plain');
  }
  const job: Job = {
    job_id: `job-${Date.now()}`,
    created: Date.now(),
    total: replays,
    cancelled: null,
  };
  jobs.unshift(job);
  send(response, 202, jobOf(job));
}

type Item = Record<string, unknown>;
interface Sample {
  at_ms: number;
  where: string;
  before: string;
  after: string;
}

const stars = (text: string) => text.replace(/\S/g, '*');

function masked(event: RrwebEvent, given: { kind: string; expression: string }[]) {
  const samples: Sample[] = [];
  const copy = structuredClone(event);
  const note = (where: string, before: string, after: string) => {
    if (before !== after) samples.push({ at_ms: event.timestamp, where, before, after });
    return after;
  };
  const selected = (node: Item, selector: string) => {
    const attributes = (node['attributes'] ?? {}) as Record<string, string>;
    return selector
      .split(',')
      .map((one) => one.trim())
      .some(
        (one) =>
          one === node['tagName'] ||
          one === `#${attributes['id']}` ||
          (attributes['class'] ?? '').split(' ').some((name) => one === `.${name}`),
      );
  };
  const walk = (item: Item, inside: boolean, name: string) => {
    for (const rule of given) {
      if (rule.kind !== 'pattern') {
        if (item['tagName'] && selected(item, rule.expression)) {
          inside = true;
          if (rule.kind === 'block') {
            note('element', `<${item['tagName'] as string}>`, 'an empty box');
            item['childNodes'] = [];
          }
        }
        continue;
      }
      const pattern = new RegExp(rule.expression, 'g');
      for (const [key, value] of Object.entries(item)) {
        if (typeof value === 'string' && key !== 'tagName')
          item[key] = note(
            key === 'textContent' ? 'text' : key === 'href' ? 'url' : `${name} ${key}`.trim(),
            value,
            value.replace(pattern, stars),
          );
      }
    }
    if (inside && typeof item['textContent'] === 'string')
      item['textContent'] = note('text', item['textContent'], stars(item['textContent']));
    for (const [key, value] of Object.entries(item)) {
      if (Array.isArray(value))
        for (const one of value)
          if (typeof one === 'object') walk(one as Item, inside && key === 'childNodes', '');
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        walk(value as Item, inside, key === 'attributes' ? 'attribute' : '');
    }
  };
  walk(copy.data, false, '');
  return { copy, samples };
}

export async function previewApi(
  request: IncomingMessage,
  response: ServerResponse,
  events: RrwebEvent[],
  wholeEvents: boolean,
): Promise<void> {
  const given = (await bodyOf(request))['rules'] as { kind: string; expression: string }[];
  const wrong = given.map(fault).find((one) => one !== null);
  if (wrong) return bad(response, wrong);
  const all = events.map((event) => masked(event, given));
  if (wholeEvents) {
    const text = all.map(({ copy }) => JSON.stringify(copy) + '\n').join('');
    return send(response, 200, text, 'application/x-ndjson');
  }
  const samples = all.flatMap((one) => one.samples);
  setTimeout(
    () =>
      send(response, 200, {
        changed_events: all.filter((one) => one.samples.length > 0).length,
        matches: samples.length,
        samples: samples.slice(0, 50),
        events: '',
      }),
    250,
  );
}

/** Replays of the mock are told about in three ways: by our SDK in each mode, and by one that says nothing. */
export function privacyOf(allText: boolean, replay: string) {
  const other = /[38]$/.test(replay);
  return {
    mode: other ? null : allText ? 'text' : 'input',
    library: other ? 'mixpanel-web' : 'playhead',
    version: other ? '2.83.0' : '0.1.0',
    rules: other ? ['r1'] : ['r1', 'r2'],
    patterns_matched: 6,
    masked: other ? null : allText ? 1_284 : 41,
    blocked: other ? null : 2,
  };
}
