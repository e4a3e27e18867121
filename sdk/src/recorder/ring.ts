/**
 * The page's side of the queue: numbers events, keeps what the server has not confirmed, hands it to the pipe, and speaks
 * for itself when the page goes away.
 */
import type { MaskMode, RecorderContext } from "../bridge";
import { bodyOf, type Chunk, headCount, lastWords, merge, recordUrl } from "./batch";
import type { FromPipe, ToPipe } from "./pipe";

const POST_MS = 100;
const RING_BYTES = 4 * 1024 * 1024;

interface Held extends Chunk {
  stored: boolean;
  spoken: boolean;
}

export interface RingEvents {
  /** What the events since the last call were masked under, and how often. */
  stamp(): { rules: string; masked: number; blocked: number };
  rules(rules: unknown): void;
  /** The visitor has opted out, perhaps in another tab: nothing may leave. */
  optedOut(): void;
  lost(reason: string): void;
  deleted(replay: string): void;
  stop(reason: string): void;
}

export class Ring {
  private replay = "";
  private seq = 0;
  private buffer: string[] = [];
  private bufferSize = 0;
  private bufferSeq = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private held: Held[] = [];
  private send: (message: ToPipe) => void = () => undefined;
  private worker: Worker | null = null;
  private heard = false;
  private readonly endpoint: string;

  constructor(
    private readonly context: RecorderContext,
    private readonly mode: MaskMode,
    private readonly events: RingEvents,
  ) {
    this.endpoint = `${context.host}/${context.config.api_routes.record}`;
    this.open();
  }

  private open(): void {
    try {
      const source = `const p=(${String(__PIPE__)})()((m)=>postMessage(m));onmessage=(e)=>p(e.data)`;
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      this.worker = new Worker(url);
      this.worker.onmessage = (event: MessageEvent<FromPipe>) => this.hear(event.data);
      // Where a policy forbids workers, the error comes before the first word.
      this.worker.onerror = () => {
        if (!this.heard) this.fallBack();
      };
      this.send = (message) => this.worker?.postMessage(message);
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      setTimeout(() => {
        if (!this.heard) this.fallBack();
      }, 15_000);
      this.init();
    } catch {
      this.fallBack();
    }
  }

  private fallBack(): void {
    this.worker?.terminate();
    this.worker = null;
    this.heard = true;
    this.send = __PIPE__()((message) => this.hear(message));
    this.init();
    for (const chunk of this.held) this.send({ t: "add", chunk: plain(chunk) });
  }

  private init(): void {
    const { config, token, version, owner } = this.context;
    this.send({
      t: "init",
      endpoint: this.endpoint,
      token,
      version,
      owner,
      flushMs: config.record_flush_interval_ms,
      batchBytes: config.record_batch_bytes,
      persist: !config.disable_persistence,
    });
  }

  private hear(message: FromPipe): void {
    this.heard = true;
    switch (message.t) {
      case "ready":
        break;
      case "stored":
        for (const chunk of this.covered(message)) chunk.stored = true;
        this.trim();
        break;
      case "acked": {
        const gone = new Set(this.covered(message));
        this.held = this.held.filter((chunk) => !gone.has(chunk));
        break;
      }
      case "lost":
        this.events.lost(message.reason);
        break;
      case "deleted":
        this.held = this.held.filter((chunk) => chunk.replay !== message.replay);
        this.events.deleted(message.replay);
        break;
      case "rules":
        this.events.rules(message.rules);
        break;
      case "stop":
        this.events.stop(message.reason);
        break;
      case "log":
        this.context.log(message.message);
        break;
    }
  }

  private covered({ replay, seq, n }: { replay: string; seq: number; n: number }): Held[] {
    return this.held.filter((c) => c.replay === replay && c.seq >= seq && c.seq + c.events.length <= seq + n);
  }

  private trim(): void {
    let size = this.held.reduce((sum, c) => sum + c.size, 0);
    this.held = this.held.filter((c) => {
      if (size <= RING_BYTES || !c.stored) return true;
      size -= c.size;
      return false;
    });
  }

  /** The replay that what follows belongs to. Within one epoch each replay counts from 0. */
  begin(replay: string): void {
    if (replay === this.replay) return;
    this.post();
    this.replay = replay;
    this.seq = 0;
  }

  push(json: string): void {
    if (!this.buffer.length) this.bufferSeq = this.seq;
    this.buffer.push(json);
    this.bufferSize += json.length;
    this.seq++;
    if (this.bufferSize > 256 * 1024) this.post();
    else this.timer ??= setTimeout(() => this.post(), POST_MS);
  }

  /** Hands what has gathered to the pipe; called before identity changes. */
  post(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.buffer.length) return;
    if (this.context.optedOut()) return this.events.optedOut();
    const young = this.context.started() + this.context.config.record_min_ms - Date.now();
    if (young > 0) {
      this.timer = setTimeout(() => this.post(), young);
      return;
    }
    const chunk: Held = {
      token: this.context.token,
      owner: this.context.owner,
      replay: this.replay,
      epoch: this.context.epoch,
      seq: this.bufferSeq,
      who: this.context.who(),
      visit: this.context.visit(),
      mask: this.mode,
      ...this.events.stamp(),
      events: this.buffer,
      size: this.bufferSize,
      at: Date.now(),
      stored: false,
      spoken: false,
    };
    this.buffer = [];
    this.bufferSize = 0;
    this.held.push(chunk);
    this.send({ t: "add", chunk: plain(chunk) });
  }

  flush(): void {
    this.post();
    this.send({ t: "flush" });
  }

  /**
   * The page may be going away. Hidden: what exists nowhere else goes out from here, the pipe sends the rest. Going: all
   * that is not confirmed, as far as the browser carries it; the next page finds what remains in the database.
   */
  speak(going: boolean): void {
    this.flush();
    const open = this.held.filter((c) => !c.spoken && (going || !c.stored));
    const sized = open.map((chunk) => ({ chunk, stored: chunk.stored, size: bytes(chunk) }));
    let rest = lastWords(sized, this.context.room()).map((s) => s.chunk);
    while (rest.length) {
      const count = headCount(rest, Infinity);
      const group = rest.slice(0, count);
      rest = rest.slice(count);
      const whole = merge(group);
      for (const chunk of group) chunk.spoken = true;
      const again = (): void => {
        for (const chunk of group) chunk.spoken = false;
      };
      const url = recordUrl(this.endpoint, this.context.version, whole, "body", Date.now());
      this.context.carry(url, bodyOf(whole), bytes(whole)).then((answer) => {
        if (answer.status !== 200) return again();
        this.held = this.held.filter((chunk) => !group.includes(chunk));
        this.send({ t: "arrived", replay: whole.replay, seqs: group.map((c) => c.seq) });
      }, again);
    }
  }

  /** Sends what is left, then lets the worker go. */
  close(): void {
    this.flush();
    const look = setInterval(() => {
      if (this.held.length) return;
      clearInterval(look);
      this.worker?.terminate();
    }, 2000);
  }

  /** Nothing of what is here leaves any more. */
  wipe(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.buffer = [];
    this.bufferSize = 0;
    this.held = [];
    this.send({ t: "wipe" });
  }

  /** A deleted replay: its events go nowhere. */
  forget(replay: string): void {
    if (replay === this.replay) {
      this.buffer = [];
      this.bufferSize = 0;
    }
    this.held = this.held.filter((chunk) => chunk.replay !== replay);
    this.send({ t: "forget", replay });
  }
}

const bytes = (chunk: Chunk): number => new Blob(chunk.events).size + chunk.events.length + 1;

function plain(held: Held): Chunk {
  const chunk: Chunk & Partial<Held> = { ...held };
  delete chunk.stored;
  delete chunk.spoken;
  return chunk;
}
