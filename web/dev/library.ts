/** What people keep: saved reports, playlists, boards, and what they wrote about events and properties. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Json, bodyOf, luck, page, refuse, send } from './answer';
import { DAY, EVENTS, PROFILE, PROPERTIES, aDay, describe, lexicon } from './world';

const born = Date.now();
let made = 0;
const ago = (days: number) => new Date(born - days * DAY).toISOString();
const query = (search: Record<string, unknown>) =>
  new URLSearchParams(
    Object.entries(search).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ).toString();

function saved(kind: string, name: string, description: string, search: Json, days: number): Json {
  const report_id = `0192f3a0-0000-7000-8000-${(++made).toString(16).padStart(12, '0')}`;
  return {
    ...{ report_id, kind, name, description, search: query(search) },
    ...{ created_at: ago(days + 3), updated_at: ago(days), created_by: 'Owner' },
  };
}

const CHECKOUT = [{ event: 'View Item' }, { event: 'Add to Cart' }, { event: 'Checkout' }];

let reports: Json[] = [
  saved(
    'insights',
    'Carts and orders',
    'How many carts, how many orders, day by day.',
    { metrics: [{ event: 'Add to Cart' }, { event: 'Checkout' }] },
    0.1,
  ),
  saved(
    'insights',
    'Orders by browser',
    '',
    { metrics: [{ event: 'Checkout', measure: 'unique' }], breakdown: '$browser', chart: 'bar' },
    1,
  ),
  saved('funnel', 'From item to order', 'The whole way to an order.', { steps: CHECKOUT }, 2),
  saved(
    'funnel',
    'The same, by system',
    '',
    { steps: CHECKOUT, breakdown: '$os', window: '1 day' },
    5,
  ),
  saved(
    'retention',
    'Do buyers come back?',
    'Weekly, any event counts as coming back.',
    { first: { event: 'Checkout' }, unit: 'week', last: 90 },
    6,
  ),
  saved('flows', 'After a refused coupon', '', { start: { event: 'Coupon Refused' } }, 9),
  saved(
    'replays',
    'Rage clicks on phones',
    'Look through it on Mondays.',
    { has_rage_click: 'true', device: 'Phone' },
    0.4,
  ),
  saved('replays', 'Errors while paying', '', { has_error: 'true', url: '/checkout' }, 12),
];

const idOf = (at: number) => reports[at]?.['report_id'];
let boards: Json[] = [
  {
    board_id: '0192f3a0-0000-7000-9000-000000000001',
    name: 'The shop, every morning',
    description: 'Orders first, then where people stop.',
    cards: [
      { card_id: 'c1', report_id: idOf(0), text: null, width: 2 },
      {
        ...{ card_id: 'c2', report_id: null, width: 1 },
        text: 'The winter batch went live on 18 November.\n\nIf orders fall below 40 a day, look at the refused coupons first.',
      },
      { card_id: 'c3', report_id: idOf(2), text: null, width: 3 },
      { card_id: 'c4', report_id: idOf(1), text: null, width: 1 },
      { card_id: 'c5', report_id: idOf(4), text: null, width: 2 },
      { card_id: 'c6', report_id: idOf(6), text: null, width: 1 },
      { card_id: 'c7', report_id: idOf(5), text: null, width: 2 },
    ],
    ...{ created_at: ago(20), updated_at: ago(0.2), created_by: 'Owner' },
  },
  {
    board_id: '0192f3a0-0000-7000-9000-000000000002',
    ...{ name: 'New board', description: '', cards: [] },
    ...{ created_at: ago(3), updated_at: ago(3), created_by: 'Owner' },
  },
];

const newest = (rows: Json[]) =>
  rows.toSorted((a, b) => (String(a['updated_at']) < String(b['updated_at']) ? 1 : -1));

export async function savedApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
) {
  const now = new Date().toISOString();
  const report = reports.find((one) => one['report_id'] === parts[4]);
  if (parts[4] && !report)
    return refuse(response, 404, 'unknown_report', 'There is no such saved report.');
  if (request.method === 'POST') {
    const body = await bodyOf(request);
    const one = { ...saved(String(body['kind']), '', '', {}, 0), ...body };
    const fresh = { ...one, created_at: now, updated_at: now };
    reports = [fresh, ...reports];
    return send(response, 201, fresh);
  }
  if (request.method === 'PATCH') {
    const changed = { ...report, ...(await bodyOf(request)), updated_at: now };
    reports = reports.map((one) => (one === report ? changed : one));
    return send(response, 200, changed);
  }
  if (request.method === 'DELETE') {
    reports = reports.filter((one) => one !== report);
    return send(response, 204, '', 'text/plain');
  }
  if (report) return send(response, 200, report);
  const kind = url.searchParams.get('kind');
  const rows = newest(reports).filter((one) => !kind || one['kind'] === kind);
  send(response, 200, page(parts[2] === 'empty' ? [] : rows, url, 200));
}

export async function boardsApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
) {
  const now = new Date().toISOString();
  const board = boards.find((one) => one['board_id'] === parts[4]);
  if (parts[4] && !board) return refuse(response, 404, 'unknown_board', 'There is no such board.');
  if (request.method === 'POST') {
    const board_id = `0192f3a0-0000-7000-9000-${(++made).toString(16).padStart(12, '0')}`;
    const fresh = {
      ...{ board_id, name: '', description: '', cards: [] },
      ...(await bodyOf(request)),
      ...{ created_at: now, updated_at: now, created_by: 'Owner' },
    };
    boards = [fresh, ...boards];
    return send(response, 201, fresh);
  }
  if (request.method === 'PATCH') {
    const body = await bodyOf(request);
    const cards = body['cards'] as Json[] | undefined;
    const changed = {
      ...{ ...board, ...body, updated_at: now },
      ...(cards ? { cards: cards.map((card) => ({ card_id: `c${++made}`, ...card })) } : {}),
    };
    boards = boards.map((one) => (one === board ? changed : one));
    return send(response, 200, changed);
  }
  if (request.method === 'DELETE') {
    boards = boards.filter((one) => one !== board);
    return send(response, 204, '', 'text/plain');
  }
  if (board) return send(response, 200, board);
  send(response, 200, page(parts[2] === 'empty' ? [] : newest(boards), url, 200));
}

/** A long list, so that a table of it has something to be virtual about. */
const MORE = Array.from({ length: 240 }, (_, i) => `feature_${i + 1}`);

export async function lexiconApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: string[],
) {
  if (request.method === 'PUT') {
    const { kind, name, ...said } = await bodyOf(request);
    const entry = { ...describe(String(kind), String(name)), ...said };
    lexicon.set(`${String(kind)}\n${String(name)}`, entry);
    return send(response, 200, { kind, name, ...entry });
  }
  if (parts[2] === 'empty') return send(response, 200, page([], url));
  if (parts[4] === 'events') {
    const rows = EVENTS.map(([event, a_day]) => ({
      ...{ event, count: a_day * 58, first_seen: ago(58), last_seen: ago(luck(event) / 20) },
      ...describe('event', event),
    }));
    return send(response, 200, page(rows, url, 5_000));
  }
  const profile = url.searchParams.get('of') === 'profile';
  const event = url.searchParams.get('event');
  const whole = event ? aDay(event) * 58 : profile ? 2_400 : 110_000;
  const known = Object.entries(profile ? PROFILE : PROPERTIES).map(
    ([property, { types, share }]) => ({ property, count: Math.round(whole * share), types }),
  );
  const more = profile
    ? []
    : MORE.map((property, i) => ({ property, count: 900 - i * 3, types: ['boolean'] }));
  const rows = [...known, ...more].map((one) => ({
    ...{ ...one, type: one.types[0], last_seen: ago(luck(one.property) * 3) },
    ...describe(profile ? 'profile_property' : 'event_property', one.property),
  }));
  send(response, 200, page(rows, url, 5_000));
}

/** What pickers offer. */
export function namesApi(response: ServerResponse, url: URL, parts: string[]) {
  if (parts[2] === 'empty') return send(response, 200, { results: [], next_cursor: null });
  const hidden = url.searchParams.get('hidden') === 'true';
  const profile = url.searchParams.get('of') === 'profile';
  const shown = <T extends { hidden: boolean }>(rows: T[]) => ({
    results: rows.filter((row) => hidden || !row.hidden),
    next_cursor: null,
  });
  const source = profile ? PROFILE : PROPERTIES;
  if (parts[4] === 'names') {
    const rows = EVENTS.map(([event, a_day]) => ({
      ...{ event, count: a_day * 30 },
      ...describe('event', event),
    }));
    return send(response, 200, shown(rows));
  }
  if (parts[4] === 'properties') {
    const whole = aDay(url.searchParams.get('event') ?? 'View Item') * 30;
    const rows = Object.entries(source).map(([property, { types, share }]) => ({
      ...{ property, count: Math.round(whole * share), types, type: types[0] },
      ...describe(profile ? 'profile_property' : 'event_property', property),
    }));
    return send(response, 200, shown(rows));
  }
  const values = source[url.searchParams.get('property') ?? '']?.values ?? [];
  send(response, 200, {
    results: values.map((value, i) => ({ value, count: Math.round(4_000 / (i + 1)) })),
    next_cursor: null,
  });
}
