/** The lazily loaded recorder: rrweb behind the wall, into the ring. */
import {
  type Marker,
  type PartContext,
  RECORDER_GLOBAL,
  type RecorderContext,
  type RecorderHandle,
} from "../bridge";
import { maskMode } from "../config";
import { safely } from "../util";
import { Ring } from "./ring";
import { idOf, nodeOf, type Rrweb, startRrweb } from "./rrweb";
import { StormGuard } from "./storm";
import { type RrwebEvent, Wall } from "./wall";
import { blockSelector, Where } from "./where";

const FULL = 2;
const INCREMENTAL = 3;
const SLOW_SNAPSHOT_MS = 50;
const MAX_RESYNCS = 5;

/** Only a person does these; scripts can scroll and focus too, but a scroll is taken for one, as mixpanel-browser does. */
function byPerson(event: RrwebEvent): boolean {
  if (event.type !== INCREMENTAL) return false;
  const data = event.data as { source: number; type?: number; userTriggered?: boolean };
  if (data.source === 2) return data.type !== 5 && data.type !== 6;
  if (data.source === 5) return data.userTriggered === true;
  return [1, 3, 4, 6, 7, 12, 14].includes(data.source);
}

class Recorder implements RecorderHandle {
  private rrweb: Rrweb | null = null;
  private readonly wall: Wall;
  private readonly ring: Ring;
  private readonly storm: StormGuard;
  private readonly undo: (() => void)[] = [];
  private readonly partsUndo: (() => void)[] = [];
  private running = false;
  private ended = false;
  private pendingPage: "load" | "bfcache" | null = "load";
  private snapshotSize = 0;
  private changed = 0;
  private snapshotAt = 0;
  private checkpoints = true;
  private checkpointDue = false;
  private resyncs = 0;
  private resyncTimer: ReturnType<typeof setTimeout> | undefined;
  private canvas: unknown = null;

  constructor(
    private readonly context: RecorderContext,
    private backlog: Marker[],
  ) {
    const { config } = context;
    const mode = maskMode(config);
    const where = new Where(config);
    this.wall = new Wall({
      mode,
      allowedParams: config.record_url_params,
      canvas: config.record_canvas,
      fonts: config.record_collect_fonts,
      node: nodeOf,
      id: idOf,
      masked: (node) => where.masked(node),
      all: where.all,
    });
    this.storm = new StormGuard(config.record_mutation_budget, config.record_node_mutation_budget);
    this.ring = new Ring(context, mode, {
      lost: (reason) => this.lost(reason),
      deleted: (replay) => {
        if (replay === this.context.replay()) {
          this.context.rotate();
          this.restart();
        }
      },
      stop: (reason) => {
        this.stop();
        this.context.ended(reason);
      },
    });
    this.listen();
    if (config.record_canvas)
      context.loadPart("canvas", (part) => {
        this.canvas = part;
        if (!this.ended) this.begin();
      });
    else this.begin();
    this.parts(mode);
  }

  // ---- what happens on the page ----

  private listen(): void {
    const on = (target: EventTarget, type: string, listener: (event: never) => void): void => {
      const safe = (event: Event): void => void safely(() => listener(event as never));
      target.addEventListener(type, safe, true);
      this.undo.push(() => target.removeEventListener(type, safe, true));
    };
    on(document, "visibilitychange", () => {
      const hidden = document.visibilityState === "hidden";
      this.say(hidden ? "ph:hidden" : "ph:visible", {});
      if (hidden) this.ring.speak(false);
    });
    on(window, "pagehide", () => this.ring.speak(true));
    on(window, "pageshow", (event: PageTransitionEvent) => {
      if (!event.persisted || !this.running) return;
      this.pendingPage = "bfcache";
      setTimeout(() => this.restart(), 0);
    });
    on(window, "error", (event: ErrorEvent) => {
      if (event.message) this.error(event.message, event.filename ? `${event.filename}:${event.lineno}` : "");
    });
    on(window, "unhandledrejection", (event: PromiseRejectionEvent) => {
      const why = event.reason as { message?: unknown } | undefined;
      this.error(String(why?.message ?? why), "");
    });
    this.undo.push(
      this.context.onNavigate(() => {
        // A new page is what a person came for; let the old page's mutations be emitted first.
        setTimeout(() => this.page("spa"), 0);
      }),
    );
    // document.open() takes every listener with it: then all of this begins again.
    let root = document.documentElement;
    const reopened = new MutationObserver(() => {
      if (!document.documentElement || document.documentElement === root) return;
      root = document.documentElement;
      safely(() => {
        if (!this.running) return;
        for (const undo of this.undo.splice(0)) undo();
        this.listen();
        this.restart();
      });
    });
    reopened.observe(document, { childList: true });
    this.undo.push(() => reopened.disconnect());
  }

  private error(message: string, source: string): void {
    this.say("ph:error", {
      message: this.wall.message(message.slice(0, 1000)),
      ...(source ? { source: this.wall.url(source) } : {}),
    });
  }

  private page(kind: "load" | "bfcache" | "spa"): void {
    const title =
      maskMode(this.context.config) === "input" ? { title: this.wall.message(document.title) } : {};
    this.say("ph:page", { href: this.wall.url(location.href), ...title, kind });
  }

  private parts(mode: "text" | "input"): void {
    const part: PartContext = {
      mode,
      host: this.context.host,
      text: (value) => this.wall.message(value),
      url: (value) => this.wall.url(value),
      emit: (plugin, payload) => {
        if (this.running && this.context.replay())
          this.write({ type: 6, data: { plugin, payload }, timestamp: this.context.now() });
      },
    };
    for (const name of ["console", "network"] as const)
      if (this.context.config[`record_${name}`])
        this.context.loadPart(name, (start) => {
          if (start && !this.ended) this.partsUndo.push(start(part));
        });
  }

  // ---- rrweb ----

  private begin(): void {
    const replay = this.context.replay();
    if (replay) this.ring.begin(replay);
    this.running = true;
    const { config } = this.context;
    safely(
      () => {
        this.rrweb = startRrweb({
          emit: (event) => safely(() => this.emit(event)),
          admit: (mutations) => safely(() => this.admit(mutations)) ?? true,
          onError: (error) => this.context.log(`recorder: ${String(error)}`),
          blockSelector: blockSelector(config),
          blockClass: config.record_block_class instanceof RegExp ? config.record_block_class : undefined,
          maskAllText: maskMode(config) === "text" && !config.record_unmask_text_selector,
          canvas: this.canvas,
          fonts: config.record_collect_fonts,
        });
      },
      (error) => this.context.log(`the recorder could not start: ${String(error)}`),
    );
  }

  restart(): void {
    if (this.ended || !this.running) return;
    this.pendingPage ??= "load";
    safely(() => this.rrweb?.stop());
    this.begin();
  }

  private admit(mutations: MutationRecord[]): boolean {
    return this.storm.admit(mutations, performance.now(), () => {
      let waited = 0;
      const look = setInterval(() => {
        waited += 500;
        if (this.running && !this.storm.calm(performance.now()) && waited < 10_000) return;
        clearInterval(look);
        const dropped = this.storm.end();
        if (!this.running) return;
        this.say("ph:storm", { dropped });
        this.snapshot();
      }, 500);
    });
  }

  private emit(event: RrwebEvent): void {
    if (!this.running) return;
    const person = byPerson(event);
    if (!this.context.replay()) {
      // Idle: nothing is recorded until a person is back, and then as a new replay.
      if (!person) return;
      this.context.rotate();
      this.ring.begin(this.context.replay() ?? "");
      this.pendingPage = "load";
      this.snapshot();
    } else if (person) this.context.touch();
    event.timestamp = this.context.now();
    let passed: RrwebEvent | null;
    try {
      passed = this.wall.pass(event);
    } catch (error) {
      this.context.log(`an event could not be masked and was dropped: ${String(error)}`);
      this.say("ph:dropped", { reason: "masking failed", count: 1 });
      this.lost("masking failed");
      return;
    }
    if (!passed) return;
    const size = this.write(passed);
    if (event.type === FULL) this.afterSnapshot(size);
    else if (event.type === INCREMENTAL && (event.data as { source: number }).source === 0) {
      this.changed += size;
      this.checkpoint();
    }
  }

  private write(event: RrwebEvent): number {
    const json = JSON.stringify(event);
    this.ring.push(json);
    return json.length;
  }

  private afterSnapshot(size: number): void {
    this.snapshotSize = size;
    this.snapshotAt = Date.now();
    this.changed = 0;
    if (!this.pendingPage) return;
    this.page(this.pendingPage);
    this.pendingPage = null;
    for (const marker of this.backlog.splice(0)) this.mark(marker);
  }

  private snapshot(): number {
    const begun = performance.now();
    safely(
      () => this.rrweb?.snapshot(),
      (error) => this.context.log(`no snapshot: ${String(error)}`),
    );
    return performance.now() - begun;
  }

  /** A full snapshot now and then makes seeking fast: when the browser is idle, when much has changed, where it is cheap. */
  private checkpoint(): void {
    if (!this.checkpoints || this.checkpointDue || typeof requestIdleCallback === "undefined") return;
    if (Date.now() - this.snapshotAt < this.context.config.record_checkpoint_ms) return;
    if (this.changed < Math.max(this.snapshotSize / 2, 32 * 1024)) return;
    this.checkpointDue = true;
    requestIdleCallback((deadline) => {
      this.checkpointDue = false;
      if (!this.running || this.storm.storming || deadline.timeRemaining() < 10) return;
      if (this.snapshot() > SLOW_SNAPSHOT_MS) this.checkpoints = false;
    });
  }

  /** Something will be missing at the server: one snapshot mends what follows. */
  private lost(reason: string): void {
    if (this.resyncTimer !== undefined || this.resyncs >= MAX_RESYNCS) return;
    this.resyncs++;
    this.say("ph:dropped", { reason });
    this.resyncTimer = setTimeout(
      () => {
        this.resyncTimer = undefined;
        if (this.running && this.context.replay()) this.snapshot();
      },
      500 + Math.random() * 2000,
    );
  }

  // ---- what the core asks for ----

  private say(tag: string, payload: Record<string, unknown>): void {
    this.mark({ tag, payload, time: this.context.now() });
  }

  mark(marker: Marker): void {
    if (!this.running || !this.context.replay()) return;
    // Before the first snapshot nothing can be shown: marks wait for it.
    if (this.pendingPage && marker.tag !== "ph:page") return void this.backlog.push(marker);
    this.write({ type: 5, data: { tag: marker.tag, payload: marker.payload }, timestamp: marker.time });
  }

  flush(): void {
    this.ring.flush();
  }

  pause(): void {
    if (!this.running) return;
    this.say("ph:dropped", { reason: "paused" });
    this.running = false;
    safely(() => this.rrweb?.stop());
    this.ring.flush();
  }

  resume(): void {
    if (this.running || this.ended) return;
    this.pendingPage = "load";
    this.begin();
  }

  stop(): void {
    if (this.ended) return;
    this.ended = true;
    this.running = false;
    clearTimeout(this.resyncTimer);
    for (const undo of [...this.undo.splice(0), ...this.partsUndo.splice(0)]) safely(undo);
    safely(() => this.rrweb?.stop());
    this.ring.close();
    // The last events may be unsent when the page goes before the pipe is through.
    addEventListener("pagehide", () => this.ring.speak(true), { once: true });
  }

  wipe(): void {
    this.ended = true;
    this.running = false;
    for (const undo of [...this.undo.splice(0), ...this.partsUndo.splice(0)]) safely(undo);
    safely(() => this.rrweb?.stop());
    this.ring.wipe();
  }
}

(window as unknown as Record<string, unknown>)[RECORDER_GLOBAL] = (
  context: RecorderContext,
  backlog: Marker[],
): RecorderHandle => new Recorder(context, backlog);
