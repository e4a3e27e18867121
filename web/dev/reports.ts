/** Reports about the made-up shop, and what is behind their points. A range over 180 days takes 8 seconds. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Json, bodyOf, luck, page, refuse, send } from './answer';
import { formula } from './formula';
import { DAY, EVENTS, PROFILE, PROPERTIES, aDay, properties } from './world';

const SLOW_MS = 8_000;
const QUICK_MS = 140;

interface Row extends Json {
  replay_id: string;
  started_at: string;
  duration_ms: number;
  person: Json;
}

/** Questions that are being answered, by their query id. */
const running = new Map<string, { began: number; cancel: () => void }>();

export function queriesApi(request: IncomingMessage, response: ServerResponse, id: string) {
  const query = running.get(id);
  if (!query) return refuse(response, 404, 'unknown_query', 'No such query is running.');
  if (request.method === 'DELETE') {
    query.cancel();
    return send(response, 204, '', 'text/plain');
  }
  const elapsed_ms = Date.now() - query.began;
  const total_rows = 9_800_000;
  send(response, 200, {
    elapsed_ms,
    read_rows: Math.min(total_rows, Math.round((total_rows * elapsed_ms) / SLOW_MS)),
    total_rows: elapsed_ms < 400 ? null : total_rows,
  });
}

export async function reportsApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
  replays: Row[],
) {
  const [kind = '', behind] = parts.slice(4);
  const body = await bodyOf(request);
  if (replays.length === 0) return send(response, 200, nothing(kind, behind, body));
  if (behind) return send(response, 200, behindOf(behind, kind, body, url, replays));
  const make = { insights, funnel, retention, flows }[kind];
  if (!make) return refuse(response, 404, 'not_found', 'No such path.');
  const began = Date.now();
  const days = (Date.parse(body['to'] as string) - Date.parse(body['from'] as string)) / DAY;
  const id = request.headers['x-query-id'];
  const timer = setTimeout(
    () => {
      if (typeof id === 'string') running.delete(id);
      send(response, 200, { ...make(body), took_ms: Date.now() - began });
    },
    days > 180 ? SLOW_MS : QUICK_MS,
  );
  const cancel = () => {
    clearTimeout(timer);
    if (typeof id === 'string') running.delete(id);
    refuse(response, 409, 'cancelled', 'The query was cancelled.');
  };
  if (typeof id === 'string') running.set(id, { began, cancel });
}

/** A project without events. */
function nothing(kind: string, behind: string | undefined, body: Json): Json {
  if (behind)
    return {
      results: [],
      next_cursor: null,
      total: 0,
      people: 0,
      events: 0,
      unrecorded: 0,
      before_recording: 0,
      too_old: 0,
      gone: 0,
    };
  if (kind === 'insights') return { series: [], took_ms: 3 };
  if (kind === 'flows') return { total: 0, nodes: [], edges: [], took_ms: 3 };
  if (kind === 'retention') return { segments: [], took_ms: 3 };
  const steps = (body['steps'] as { event: string }[]).map(({ event }) => ({
    ...{ event, count: 0, rate: 0, step_rate: 0, median_ms: null, p90_ms: null, distribution: [] },
  }));
  return { segments: [{ segment: null, other: false, steps, convert: null }], took_ms: 3 };
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The first of the bucket that a moment lies in. */
function floor(ms: number, unit: string): number {
  const date = new Date(ms);
  if (unit === 'hour') return Math.floor(ms / 3_600_000) * 3_600_000;
  const day = Date.parse(`${dayOf(ms)}T00:00:00Z`);
  if (unit === 'week') return day - ((date.getUTCDay() + 6) % 7) * DAY;
  return unit === 'month' ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) : day;
}

function after(ms: number, unit: string): number {
  if (unit === 'month') return floor(ms + 32 * DAY, 'month');
  return ms + { hour: 3_600_000, day: DAY, week: 7 * DAY }[unit as 'hour'];
}

function buckets(from: unknown, to: unknown, unit: string): number[] {
  const end = Date.parse(`${String(to)}T23:59:59Z`);
  const found = [];
  for (let t = floor(Date.parse(`${String(from)}T00:00:00Z`), unit); t <= end; t = after(t, unit))
    found.push(t);
  return found;
}

const stamp = (ms: number) => new Date(ms).toISOString().replace('.000', '');

/** The values of a breakdown, and the share that each has of all; the last is the rest. */
function segmentsOf(body: Json): { segment: string | null; share: number; other: boolean }[] {
  const breakdown = body['breakdown'] as { property: string; of?: string } | null | undefined;
  if (!breakdown) return [{ segment: null, share: 1, other: false }];
  const of = (breakdown.of === 'profile' ? PROFILE : PROPERTIES)[breakdown.property];
  const values = [...(of?.values ?? []).map(String), '(not set)', '$other'];
  const weights = values.map((value, i) => (0.4 + luck(breakdown.property, value)) / (i + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  return values.map((segment, i) => ({
    segment,
    share: (weights[i] as number) / sum,
    other: segment === '$other',
  }));
}

/** How often an event happened in a bucket: less on weekends, a little more every week. */
function often(event: string, t: number, unit: string, ...seed: unknown[]): number {
  const days = { hour: 1 / 24, day: 1, week: 7, month: 30 }[unit] ?? 1;
  const weekend = unit === 'day' && [0, 6].includes(new Date(t).getUTCDay()) ? 0.62 : 1;
  const hour = unit === 'hour' ? 0.3 + Math.sin((new Date(t).getUTCHours() / 24) * Math.PI) : 1;
  const growth = 1 + (t - Date.parse('2026-11-01')) / (200 * DAY);
  if (t > Date.now()) return 0;
  return aDay(event) * days * weekend * hour * growth * (0.82 + 0.36 * luck(event, t, ...seed));
}

type Measure = string | { aggregate: string; property: string };

function measured(measure: Measure | undefined, times: number): number {
  if (typeof measure === 'object') {
    if (measure.aggregate === 'sum') return Math.round(times * 31);
    if (measure.aggregate === 'distinct') return Math.min(5, Math.round(times));
    const level = { min: 18, avg: 33.4, median: 32, p90: 58, p99: 120, max: 120 };
    return level[measure.aggregate as 'avg'] * (0.9 + 0.2 * luck(times));
  }
  if (measure === 'per_user_avg') return 1.2 + luck(times) * 0.4;
  const part = { unique: 0.61, dau: 0.61, wau: 2.6, mau: 7.9 }[measure ?? 'total'] ?? 1;
  return Math.round(times * part);
}

function insights(body: Json) {
  const unit = (body['unit'] as string | undefined) ?? 'day';
  const metrics = body['metrics'] as { event: string; measure?: Measure; filters?: unknown[] }[];
  const spots = buckets(body['from'], body['to'], unit);
  const days = (Date.parse(String(body['to'])) - Date.parse(String(body['from']))) / DAY + 1;
  const before = spots.map((t) => t - days * DAY);
  const summable = (measure: Measure | undefined) =>
    measure === undefined ||
    measure === 'total' ||
    (typeof measure === 'object' && measure.aggregate === 'sum');
  const of = (metric: (typeof metrics)[number], share: number, segment: unknown, at: number[]) => {
    const narrowed = 0.55 ** (metric.filters?.length ?? 0) * 0.6 ** filtersOf(body);
    const points = at.map((t) => ({
      t: stamp(t),
      value: measured(
        metric.measure,
        Math.round(often(metric.event, t, unit, segment) * share * narrowed),
      ),
    }));
    const sum = points.reduce((all, point) => all + point.value, 0);
    const total = summable(metric.measure)
      ? sum
      : typeof metric.measure === 'string' && metric.measure !== 'per_user_avg'
        ? Math.round(sum * 0.7)
        : points.length > 0
          ? sum / points.length
          : null;
    return { points, total };
  };
  const compare = body['compare'] === 'previous';
  const series = metrics.flatMap((metric, i) =>
    segmentsOf(body).map(({ segment, share, other }) => ({
      metric: i,
      formula: null as number | null,
      segment,
      other,
      ...of(metric, share, segment, spots),
      previous: compare ? of(metric, share * 0.93, segment, before) : null,
    })),
  );
  const asked = (body['formulas'] as { formula: string }[] | undefined) ?? [];
  const computed = asked.flatMap((one, i) =>
    segmentsOf(body).map(({ segment, other }) => {
      const parts = metrics.map((_, at) =>
        series.find((each) => each.metric === at && each.segment === segment),
      );
      const calculate = (pick: (part: (typeof parts)[number]) => number | null | undefined) =>
        formula(
          one.formula,
          parts.map((part) => pick(part) ?? null),
        );
      const whole = (which: 'now' | 'before') => ({
        points: (which === 'now' ? spots : before).map((t, at) => ({
          t: stamp(t),
          value: calculate((part) =>
            which === 'now' ? part?.points[at]?.value : part?.previous?.points[at]?.value,
          ),
        })),
        total: calculate((part) => (which === 'now' ? part?.total : part?.previous?.total)),
      });
      const previous = compare ? whole('before') : null;
      return { metric: null, formula: i, segment, other, ...whole('now'), previous };
    }),
  );
  return { series: [...series, ...computed] };
}

const filtersOf = (body: Json) => (body['filters'] as unknown[] | undefined)?.length ?? 0;

const BINS = [0, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, DAY, 7 * DAY, 30 * DAY];

function distribution(people: number, seed: unknown) {
  const weights = BINS.map((_, i) => Math.max(0, 1 - Math.abs(i - 3) / 3) * (0.5 + luck(seed, i)));
  const sum = weights.reduce((a, b) => a + b, 0);
  const found = weights.map((weight, i) => ({
    from_ms: BINS[i] as number,
    to_ms: BINS[i + 1] ?? null,
    count: Math.round((people * weight) / sum),
  }));
  return found.slice(0, found.findLastIndex((bin) => bin.count > 0) + 1);
}

function funnel(body: Json) {
  const steps = body['steps'] as { event: string }[];
  const unit = body['unit'] as string | undefined;
  const spots = buckets(body['from'], body['to'], unit ?? 'day');
  const first = steps[0]?.event ?? '';
  const began = spots.reduce((all, t) => all + often(first, t, unit ?? 'day') * 0.6, 0);
  const segments = segmentsOf(body).map(({ segment, share, other }) => {
    let count = Math.round(began * share * 0.6 ** filtersOf(body));
    const entered = count;
    const found = steps.map(({ event }, i) => {
      const before = count;
      if (i > 0) count = Math.round(count * (0.34 + 0.4 * luck(event, i, segment)));
      const median_ms = i > 0 && count > 0 ? Math.round(20_000 + 400_000 * luck(event, i)) : null;
      return {
        event,
        count,
        rate: entered ? count / entered : 0,
        step_rate: i > 0 && before ? count / before : 1,
        median_ms,
        p90_ms: median_ms && median_ms * 6,
        distribution: i > 0 ? distribution(count, `${event} ${i}`) : [],
      };
    });
    const trend = spots.map((t) => {
      const entered = Math.round(often(first, t, unit ?? 'day', segment) * 0.6 * share);
      const rate = (found.at(-1)?.rate ?? 0) * (0.8 + 0.4 * luck(t, segment));
      const converted = Math.round(entered * rate);
      return { t: stamp(t), entered, converted, rate: entered ? converted / entered : 0 };
    });
    return {
      segment,
      other,
      steps: found,
      convert: {
        median_ms: count ? 480_000 : null,
        p90_ms: count ? 5_400_000 : null,
        distribution: distribution(count, 'convert'),
      },
      ...(unit ? { trend } : {}),
    };
  });
  return { segments };
}

function retention(body: Json) {
  const unit = (body['unit'] as string | undefined) ?? 'day';
  const periods = (body['periods'] as number | undefined) ?? 8;
  const { event } = body['first'] as { event: string };
  const spots = buckets(body['from'], body['to'], unit).filter((t) => t <= Date.now());
  const segments = segmentsOf(body).map(({ segment, share, other }) => {
    const cohorts = spots.map((t) => {
      const size = Math.round(often(event, t, unit, segment) * 0.7 * share);
      let start = t;
      const cells = Array.from({ length: periods + 1 }, (_, n) => {
        if (n > 0) start = after(start, unit);
        if (start > Date.now()) return null;
        const partial = after(start, unit) > Date.now();
        const kept = (n === 0 ? 0.68 : 0.52 / (n + 0.6) ** 0.55) * (0.85 + 0.3 * luck(t, n));
        const count = Math.round(size * kept * (partial ? 0.5 : 1));
        return { count, rate: size ? count / size : 0, partial };
      });
      return { t: stamp(t), size, periods: cells };
    });
    const average = Array.from({ length: periods + 1 }, (_, n) => {
      const whole = cohorts.filter((one) => one.periods[n] && !one.periods[n].partial);
      if (whole.length === 0) return null;
      const size = whole.reduce((all, one) => all + one.size, 0);
      const count = whole.reduce((all, one) => all + (one.periods[n]?.count ?? 0), 0);
      return { count, size, rate: size ? count / size : 0 };
    });
    return { segment, other, cohorts, average };
  });
  return { segments };
}

function flows(body: Json) {
  const { event: start } = body['start'] as { event: string };
  const steps = (body['steps'] as number | undefined) ?? 3;
  const per_step = (body['per_step'] as number | undefined) ?? 5;
  const hidden = new Set((body['hidden'] as string[] | undefined) ?? []);
  const spots = buckets(body['from'], body['to'], 'day');
  const total = Math.round(spots.reduce((all, t) => all + often(start, t, 'day') * 0.55, 0));
  const names = EVENTS.map(([event]) => event).filter((event) => !hidden.has(event));
  let column = new Map([[start, total]]);
  const nodes = [{ step: 0, event: start, count: total, other: false, end: false }];
  const edges: { step: number; from: string; to: string; count: number }[] = [];
  for (let step = 0; step < steps && total > 0; step++) {
    const next = new Map<string, number>();
    const flowing: typeof edges = [];
    for (const [from, people] of column) {
      if (from === '$end') continue;
      const into = [...names.filter((name) => name !== from), '$end'];
      const weights = into.map(
        (to) => (to === '$end' ? 0.9 + step * 0.5 : Math.sqrt(aDay(to)) / 12) * luck(from, to) ** 2,
      );
      const sum = weights.reduce((a, b) => a + b, 0);
      into.forEach((to, i) => {
        const count = Math.round((people * (weights[i] as number)) / sum);
        if (count > 0) flowing.push({ step, from, to, count });
        next.set(to, (next.get(to) ?? 0) + count);
      });
    }
    const kept = new Set(
      [...next]
        .filter(([event]) => event !== '$end' && event !== '$other')
        .sort((a, b) => b[1] - a[1])
        .slice(0, per_step)
        .map(([event]) => event),
    );
    const shown = (event: string) => (event === '$end' || kept.has(event) ? event : '$other');
    for (const edge of flowing) {
      const to = shown(edge.to);
      const same = edges.find(
        (one) => one.step === step && one.from === edge.from && one.to === to,
      );
      if (same) same.count += edge.count;
      else edges.push({ ...edge, to });
    }
    column = new Map();
    for (const [event, count] of next)
      column.set(shown(event), (column.get(shown(event)) ?? 0) + count);
    for (const [event, count] of column)
      if (count > 0)
        nodes.push({
          ...{ step: step + 1, event, count },
          ...{ other: event === '$other', end: event === '$end' },
        });
  }
  return { total, nodes, edges };
}

/** The replays, people or events behind a point: the same ones for the same point. */
function behindOf(behind: string, kind: string, body: Json, url: URL, replays: Row[]): Json {
  const seed = JSON.stringify([kind, body['point']]);
  const chosen = replays.filter((row) => luck(seed, row.replay_id) < 0.3).slice(0, 60);
  const found = luck(seed, 'none') < 0.06 ? [] : chosen;
  const event = eventOf(body);
  const at = (row: Row) => Date.parse(row.started_at) + Math.round(row.duration_ms * 0.4);
  if (behind === 'replays') {
    const people = new Set(found.map((row) => row.person['distinct_id'])).size;
    const rows = found.map((row) => ({ ...row, at_ms: at(row) }));
    return {
      ...page(rows, url),
      ...{
        people: people + 4,
        events: found.length + 9,
        unrecorded: 4,
        before_recording: 3,
        too_old: 0,
        gone: 2,
      },
    };
  }
  if (behind === 'people') {
    const people = new Map<unknown, Json & { count: number }>();
    for (const row of found) {
      const id = row.person['distinct_id'];
      const known = people.get(id);
      if (known) known.count++;
      else people.set(id, { ...row.person, count: 1, last_at: stamp(at(row)) });
    }
    return page([...people.values()], url);
  }
  const events = found.map((row, i) => ({
    ...{ event, time: new Date(at(row)).toISOString(), insert_id: `e${i}` },
    ...{ distinct_id: row.person['distinct_id'], person: row.person },
    properties: properties(event, row.replay_id),
    ...(i % 5 === 4
      ? { replay_id: null, at_ms: null }
      : { replay_id: row.replay_id, at_ms: at(row) }),
  }));
  return page(events, url);
}

function eventOf(body: Json): string {
  const point = body['point'] as { metric?: number; step?: number; event?: string; to?: string };
  const list = (body['metrics'] ?? body['steps']) as { event: string }[] | number | undefined;
  const one = (body['first'] ?? body['start']) as { event: string } | undefined;
  if (Array.isArray(list))
    return list[(point.step ? point.step - 1 : point.metric) ?? 0]?.event ?? 'View Item';
  return point.event ?? point.to ?? one?.event ?? 'View Item';
}
