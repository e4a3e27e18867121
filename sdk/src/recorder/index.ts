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
import type { RrwebEvent } from "./events";
import { Wall } from "./wall";
import { Where } from "./where";

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
  private where!: Where;
  private wall!: Wall;
  private readonly ring: Ring;
  private readonly storm: StormGuard;
  private readonly undo: (() => void)[] = [];
  private readonly partsUndo: (() => void)[] = [];
  private begun = false;
  private running = false;
  private ended = false;
  private pendingPage: "load" | "bfcache" | "spa" | null = "load";
  private snapshotSize = 0;
  private changed = 0;
  private snapshotAt = 0;
  private checkpoints = true;
  private checkpointDue = false;
  private resyncs = 0;
  private resyncTimer: ReturnType<typeof setTimeout> | undefined;
  private canvas: unknown = null;
  private href = "";
  /** Of a page that is not recorded only the page marker leaves. */
  private shut = false;
  private boxing: ReturnType<typeof setTimeout> | undefined;
  private opening: (() => void) | null = null;

  constructor(
    private readonly context: RecorderContext,
    private backlog: Marker[],
  ) {
    const { config } = context;
    this.mask();
    this.storm = new StormGuard(config.record_mutation_budget, config.record_node_mutation_budget);
    this.ring = new Ring(context, maskMode(config), {
      stamp: () => ({ rules: context.rules().version, ...this.wall.count() }),
      rules: (rules) => context.learn(rules),
      optedOut: () => {
        this.wipe();
        context.ended("the visitor has opted out");
      },
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
    this.parts();
  }

  private mask(): void {
    const { config } = this.context;
    this.where = new Where(config, this.context.rules());
    this.wall = new Wall({
      mode: maskMode(config),
      allowedParams: config.record_url_params,
      canvas: config.record_canvas,
      fonts: config.record_collect_fonts,
      where: this.where,
      node: nodeOf,
      id: idOf,
      resnapshot: () => {
        this.boxing ??= setTimeout(
          () => {
            this.boxing = undefined;
            this.snapshot();
          },
          Math.max(0, this.snapshotAt + 1000 - Date.now()),
        );
      },
    });
  }

  follow(): void {
    this.ring.post();
    this.mask();
    this.restart();
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
    this.undo.push(this.context.onNavigate(() => this.moved()));
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
      message: message.slice(0, 1000),
      ...(source ? { source } : {}),
    });
  }

  private page(kind: "load" | "bfcache" | "spa"): void {
    const blocked = this.shut ? { blocked: true } : { title: document.title };
    this.say("ph:page", { href: location.href, ...blocked, kind });
  }

  /** The address has changed without a new document. What a page says from its first moment on may not be for us. */
  private moved(): void {
    if (location.href === this.href || !this.running) return;
    this.href = location.href;
    const shut = this.where.broken || !this.context.recordable(this.href);
    if (shut && !this.shut) {
      this.shut = true;
      this.ring.post();
      safely(() => this.rrweb?.stop());
    }
    if (shut) {
      this.opening?.();
      this.page("spa");
    } else if (this.shut) this.open();
    // A new page is what a person came for; let the old page's mutations be emitted first.
    else setTimeout(() => this.page("spa"), 0);
  }

  /** The address is that of a page to be recorded, but what is shown may still be the page before: until it has changed. */
  private open(): void {
    this.opening?.();
    let quiet: ReturnType<typeof setTimeout> | undefined;
    const done = (): void => {
      observer.disconnect();
      clearTimeout(quiet);
      clearTimeout(last);
      this.opening = null;
    };
    const begin = (): void => {
      done();
      if (!this.running) return;
      this.pendingPage = "spa";
      this.begin();
    };
    const observer = new MutationObserver(() => {
      clearTimeout(quiet);
      quiet = setTimeout(begin, 250);
    });
    observer.observe(document, { childList: true, subtree: true, characterData: true });
    const last = setTimeout(begin, 2000);
    this.opening = done;
  }

  private parts(): void {
    const part: PartContext = {
      host: this.context.host,
      emit: (plugin, payload) => {
        if (this.running && !this.shut && this.context.replay())
          this.through({ type: 6, data: { plugin, payload }, timestamp: this.context.now() });
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
    this.begun = this.running = true;
    this.href = location.href;
    this.shut = this.where.broken || !this.context.recordable(this.href);
    if (this.shut) {
      this.page(this.pendingPage ?? "load");
      this.pendingPage = null;
      this.backlog = [];
      return;
    }
    const { config } = this.context;
    safely(
      () => {
        this.rrweb = startRrweb({
          emit: (event) => safely(() => this.emit(event)),
          admit: (mutations) => safely(() => this.admit(mutations)) ?? true,
          onError: (error) => this.context.log(`recorder: ${String(error)}`),
          blockSelector: this.where.blockSelector,
          blockClass: this.where.blockClass,
          canvas: this.canvas,
          fonts: config.record_collect_fonts,
        });
      },
      (error) => this.context.log(`the recorder could not start: ${String(error)}`),
    );
  }

  restart(): void {
    if (this.ended || !this.running) return;
    this.opening?.();
    this.pendingPage ??= "load";
    safely(() => this.rrweb?.stop());
    this.begin();
  }

  private admit(mutations: MutationRecord[]): boolean {
    this.wall.notice(mutations);
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
    // Whatever changed the address: what is emitted now is of the new page.
    if (location.href !== this.href) this.moved();
    if (!this.running || this.shut) return;
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
    const size = this.through(event);
    if (event.type === FULL && size) this.afterSnapshot(size);
    else if (event.type === INCREMENTAL && (event.data as { source: number }).source === 0) {
      this.changed += size;
      this.checkpoint();
    }
  }

  /** Past the wall, or nowhere. Answers how much it was. */
  private through(event: RrwebEvent): number {
    try {
      const passed = this.wall.pass(event);
      const size = passed ? this.write(passed) : 0;
      const more = this.wall.more(event.timestamp);
      return size + (more ? this.write(more) : 0);
    } catch (error) {
      this.context.log(`an event could not be masked and was dropped: ${String(error)}`);
      if (event.type !== 5) {
        this.say("ph:dropped", { reason: "masking failed", count: 1 });
        this.lost("masking failed");
      }
      return 0;
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
    if (this.running && !this.shut)
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
    // The canvas part may still be on its way.
    if (!this.begun && !this.ended) return void this.backlog.push(marker);
    if (!this.running || !this.context.replay()) return;
    if (this.shut && marker.tag !== "ph:page") return;
    // Before the first snapshot nothing can be shown: marks wait for it.
    if (this.pendingPage && marker.tag !== "ph:page") return void this.backlog.push(marker);
    this.through({ type: 5, data: { tag: marker.tag, payload: marker.payload }, timestamp: marker.time });
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
    this.opening?.();
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
