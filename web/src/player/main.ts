/**
 * The player document: a page of its own, on an origin of its own where one can be had, that draws recorded pages.
 * Everything it draws was written by strangers. rrweb rebuilds it in a sandboxed iframe without scripts; this document
 * adds no recorded text or markup to itself, and its CSP starts from `default-src 'none'`.
 */
import { Replayer } from '@rrweb/replay';
import { EventType, type eventWithTime } from '@rrweb/types';

import { addressIn, fromFirstSnapshot, merge, parse, parseUntil } from './events';
import './player.css';
import { selectorFor } from './pick';
import { type FromPlayer, type Picked, type Said, type ToPlayer, unwrap, wrap } from './protocol';
import { fit } from './stage';

const TIME_EVERY_MS = 50;
/** rrweb draws the first full snapshot in a task a millisecond after it was made. */
const DRAWN_AFTER_MS = 5;

/** Only the page that embeds us is listened to; `frame-ancestors` says who that may be. */
const dashboard = embedder();
const stage = document.getElementById('stage') as HTMLElement;

let replayer: Replayer | null = null;
let clip: HTMLElement | null = null;
let events: eventWithTime[] = [];
let load = 0;
let complete = false;
let wantsPlay = false;
let playing = false;
let waiting = false;
let speed = 1;
let trail = true;
let page = { width: 1280, height: 800 };
/** Where the playhead stands while nothing plays. */
let resting_ms = 0;
let lastTime = 0;
let turn = 0;

function say(said: Said): void {
  send({ ...said, load });
}

function send(message: FromPlayer): void {
  if (dashboard !== null) window.parent.postMessage(wrap(message), dashboard);
}

function embedder(): string | null {
  const ancestor = location.ancestorOrigins?.[0];
  if (ancestor) return ancestor;
  try {
    return new URL(document.referrer).origin;
  } catch {
    return null;
  }
}

window.addEventListener('message', (message: MessageEvent) => {
  if (message.source !== window.parent || message.origin !== dashboard) return;
  const order = unwrap<ToPlayer>(message.data);
  if (order === null) return;
  try {
    obey(order);
  } catch (error) {
    say({ type: 'trouble', message: error instanceof Error ? error.message : String(error) });
  }
});

function obey(order: ToPlayer): void {
  switch (order.type) {
    case 'load': {
      load = order.load;
      // The page is drawn first, in the tasks that rrweb makes of it; what happens on it later is read after that.
      const { beginning, rest } = parseUntil(order.ndjson, order.at_ms);
      events = fromFirstSnapshot(beginning);
      build(order.at_ms, order.play);
      setTimeout(() => {
        if (order.load !== load) return;
        append(rest());
        held(events);
      }, DRAWN_AFTER_MS);
      break;
    }
    case 'append': {
      if (order.load !== load) return;
      const more = parse(order.ndjson);
      const drawable = replayer !== null;
      append(more);
      held(drawable ? more : events);
      break;
    }
    case 'patch': {
      if (order.load !== load) return;
      const late = parse(order.ndjson);
      const merged = late.length > 0 ? merge(events, late) : events;
      if (merged !== events) {
        events = merged;
        build(position(), wantsPlay);
      }
      held([]);
      break;
    }
    case 'complete':
      complete = order.complete;
      break;
    case 'seek':
      turn = order.turn;
      if (order.play) play(order.at_ms);
      else pause(order.at_ms);
      break;
    case 'play':
      play(position() >= last() && complete ? first() : position());
      break;
    case 'pause':
      pause();
      break;
    case 'speed':
      speed = order.speed;
      replayer?.setConfig({ speed });
      break;
    case 'trail':
      trail = order.on;
      replayer?.setConfig({ mouseTail: trail ? tailStyle : false });
      break;
    case 'pick':
      say({ type: 'picked', picked: pick(order.x, order.y, order.chosen) });
      break;
    case 'clear':
      load = 0;
      events = [];
      complete = false;
      takeDown();
      break;
  }
}

function append(more: eventWithTime[]): void {
  if (replayer === null) {
    events = fromFirstSnapshot([...events, ...more]);
    build(resting_ms, wantsPlay);
  } else {
    for (const event of more) {
      events.push(event);
      replayer.addEvent(event);
    }
    // addEvent takes effect in a microtask.
    queueMicrotask(() => {
      if (waiting && wantsPlay) play(resting_ms);
    });
  }
}

function pick(x: number, y: number, chosen: boolean): Picked | null {
  const recorded = replayer?.iframe.contentDocument;
  if (!replayer || !recorded) return null;
  const drawn = replayer.iframe.getBoundingClientRect();
  const scale = drawn.width / page.width;
  const element = recorded.elementFromPoint((x - drawn.x) / scale, (y - drawn.y) / scale);
  if (!element || element === recorded.documentElement || element === recorded.body) return null;
  const box = element.getBoundingClientRect();
  return {
    selector: selectorFor(element),
    box: {
      x: drawn.x + box.x * scale,
      y: drawn.y + box.y * scale,
      width: box.width * scale,
      height: box.height * scale,
    },
    chosen,
  };
}

const tailStyle = { duration: 500, lineCap: 'round', lineWidth: 3, strokeStyle: '#3557E0' };

function takeDown(): void {
  replayer?.destroy();
  replayer = null;
  stage.replaceChildren();
  wantsPlay = playing = waiting = false;
}

function build(at_ms: number, play_it: boolean): void {
  takeDown();
  resting_ms = at_ms;
  wantsPlay = play_it;
  if (events.length < 2) return;
  const device = document.createElement('div');
  device.className = 'device';
  clip = document.createElement('div');
  clip.className = 'clip';
  device.append(clip);
  stage.append(device);
  const made = new Replayer(events.slice(), {
    root: clip,
    speed,
    mouseTail: trail ? tailStyle : false,
    showWarning: false,
    triggerFocus: false,
    useVirtualDom: true,
    UNSAFE_replayCanvas: false,
    insertStyleRules: ['html { scroll-behavior: auto !important; }'],
  });
  replayer = made;
  made.on('resize', (size) => {
    const { width, height } = size as { width: number; height: number };
    if (!(width > 0 && height > 0)) return;
    page = { width, height };
    refit();
    say({ type: 'size', width, height });
  });
  made.on('fullsnapshot-rebuilded', () => say({ type: 'drawn' }));
  made.on('event-cast', (event) => {
    const cast = event as eventWithTime;
    if (cast.type !== EventType.Meta && cast.type !== EventType.Custom) return;
    const url = addressIn(cast);
    if (url !== null) say({ type: 'page', at_ms: cast.timestamp, url });
  });
  made.on('finish', () => {
    if (made !== replayer) return;
    // rrweb ends at its last event; by then more may have come.
    if (last() > position() + 1 && wantsPlay) {
      play(position());
    } else {
      playing = false;
      resting_ms = last();
      waiting = !complete;
      if (complete) {
        wantsPlay = false;
        say({ type: 'ended', at_ms: resting_ms, turn });
      } else {
        say({ type: 'stalled', at_ms: resting_ms, turn });
      }
    }
  });
  if (play_it) play(at_ms);
  else pause(at_ms);
}

function held(taken: eventWithTime[]): void {
  const from = taken[0];
  const to = taken.at(-1);
  say({
    type: 'held',
    range: from && to ? { first_ms: from.timestamp, last_ms: to.timestamp } : null,
    playable: replayer !== null || events.some((event) => event.type === EventType.FullSnapshot),
  });
}

function first(): number {
  return events[0]?.timestamp ?? 0;
}

function last(): number {
  return events.at(-1)?.timestamp ?? 0;
}

function position(): number {
  return playing && replayer ? first() + replayer.getCurrentTime() : resting_ms;
}

function play(at_ms: number): void {
  wantsPlay = true;
  if (replayer === null) {
    resting_ms = at_ms;
    return;
  }
  const at = Math.min(Math.max(at_ms, first()), last());
  if (at >= last() && !complete) {
    // Nothing to play yet: stand at the end and go on when more comes.
    replayer.pause(at - first());
    playing = false;
    waiting = true;
    resting_ms = at;
    say({ type: 'stalled', at_ms: at, turn });
    return;
  }
  waiting = false;
  playing = true;
  resting_ms = at;
  replayer.play(at - first());
  say({ type: 'time', at_ms: at, playing: true, turn });
  requestAnimationFrame(tick);
}

function pause(at_ms?: number): void {
  const at = Math.min(Math.max(at_ms ?? position(), first()), Math.max(first(), last()));
  wantsPlay = false;
  waiting = false;
  playing = false;
  resting_ms = at_ms ?? at;
  if (replayer !== null) {
    if (at_ms === undefined) replayer.pause();
    else replayer.pause(at - first());
  }
  say({ type: 'time', at_ms: resting_ms, playing: false, turn });
}

let ticking = 0;
function tick(now: number): void {
  cancelAnimationFrame(ticking);
  if (!playing) return;
  if (now - lastTime >= TIME_EVERY_MS) {
    lastTime = now;
    say({ type: 'time', at_ms: Math.min(position(), last()), playing: true, turn });
  }
  ticking = requestAnimationFrame(tick);
}

function refit(): void {
  if (replayer === null || clip === null) return;
  const room = { width: window.innerWidth, height: window.innerHeight };
  if (room.width < 2 || room.height < 2) return;
  const { scale, phone } = fit(page, room);
  const device = clip.parentElement as HTMLElement;
  device.classList.toggle('phone', phone);
  device.style.width = `${Math.floor(page.width * scale)}px`;
  device.style.height = `${Math.floor(page.height * scale)}px`;
  replayer.wrapper.style.transform = `scale(${scale})`;
  replayer.wrapper.style.width = `${page.width}px`;
  replayer.wrapper.style.height = `${page.height}px`;
  replayer.wrapper.style.setProperty('--unscale', String(1 / scale));
}

window.addEventListener('resize', refit);
send({ type: 'hello' });
