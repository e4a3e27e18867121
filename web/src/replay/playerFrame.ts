/**
 * The iframe with the player document. Loading it costs a process, a document and a program, so one is made before anyone
 * needs it and moved to where a replay is shown, by `moveBefore`, which keeps what is inside running. Browsers without
 * it get a new one each time.
 */
import { type FromPlayer, type ToPlayer, unwrap, wrap } from '../player/protocol';

export interface PlayerFrame {
  element: HTMLIFrameElement;
  /** The origin it was loaded from. */
  origin: string;
  /** The document inside is listening. */
  ready: boolean;
}

type Movable = Element & { moveBefore?: (node: Node, before: Node | null) => void };

let spare: PlayerFrame | null = null;

function make(origin: string, home: Element): PlayerFrame {
  const element = document.createElement('iframe');
  element.title = 'The replayed page';
  element.sandbox.value = 'allow-scripts allow-same-origin';
  element.referrerPolicy = 'origin';
  element.tabIndex = -1;
  element.src = `${origin}/player/`;
  const frame: PlayerFrame = { element, origin: new URL(origin).origin, ready: false };
  window.addEventListener('message', function hear(message: MessageEvent) {
    if (message.source !== element.contentWindow || message.origin !== frame.origin) return;
    if (unwrap<FromPlayer>(message.data)?.type !== 'hello') return;
    frame.ready = true;
    window.removeEventListener('message', hear);
  });
  home.append(element);
  return frame;
}

/** Where the spare frame waits. */
function parking(): Movable {
  const found = document.getElementById('player-parking');
  if (found) return found;
  const made = document.createElement('div');
  made.id = 'player-parking';
  made.hidden = true;
  document.body.append(made);
  return made;
}

/** Sees to it that a frame waits, where the browser can move it later. */
export function preparePlayer(origin: string): void {
  const home = parking();
  if (home.moveBefore && spare === null) spare = make(origin, home);
}

/** A frame inside `slot`: the one that waits, or a new one. */
export function takePlayer(origin: string, slot: Movable): PlayerFrame {
  const waiting = spare;
  if (!waiting || waiting.origin !== new URL(origin).origin) return make(origin, slot);
  spare = null;
  slot.moveBefore?.(waiting.element, null);
  return waiting;
}

/** Empties the frame and lets it wait for the next replay; to be called before its slot is taken from the page. */
export function leavePlayer(frame: PlayerFrame): void {
  const home = parking();
  if (!home.moveBefore || spare !== null || !frame.ready || !frame.element.isConnected) {
    frame.element.remove();
    return;
  }
  const clear: ToPlayer = { type: 'clear' };
  frame.element.contentWindow?.postMessage(wrap(clear), frame.origin);
  home.moveBefore(frame.element, null);
  spare = frame;
}
