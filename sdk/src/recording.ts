/** The core's half of recording: whether, into which replay, and the lazily loaded recorder. */
import {
  type Marker,
  type Part,
  PART_GLOBAL,
  RECORDER_GLOBAL,
  type RecorderContext,
  type RecorderHandle,
  type Rules,
  type StartRecorder,
  type Who,
} from "./bridge";
import { Clock, epochName } from "./clock";
import type { Config } from "./config";
import { onNavigate } from "./navigation";
import { carry, keepaliveRoom } from "./outbox";
import { recordable } from "./pages";
import { NO_RULES, readRules } from "./rules";
import { expired, type Limits, nextReplay, nextVisit, type Replay, sampled, type Visit } from "./session";
import { type Dict, holdLock, readJson, safely, storageOf, uuid, writeJson } from "./util";

export interface RecordingHost {
  token: string;
  page: string;
  config(): Config;
  apiHost(): string;
  who(): Who;
  optedOut(): boolean;
  persistent(): boolean;
  log(message: string, error?: unknown): void;
}

/** One recorder per page, whoever asked first: two would patch the page twice. Holds the page name of its instance. */
let owner: string | null = null;

export class Recording {
  private readonly clock = new Clock();
  private readonly epoch = epochName(performance.timeOrigin);
  private state: Replay | null = null;
  private visitState: Visit | null = null;
  private handle: RecorderHandle | null = null;
  private loading = false;
  private backlog: Marker[] = [];
  private saved = 0;
  private stopped = false;
  private paused = false;
  private releaseTab: (() => void) | null = null;
  private ruled: Rules | null = null;

  constructor(private readonly host: RecordingHost) {
    // What one tab has learnt holds in all of them.
    addEventListener("storage", (event) => {
      if (event.key !== this.rulesKey) return;
      this.ruled = null;
      safely(() => this.handle?.follow());
    });
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.comeBack();
    });
  }

  private get limits(): Limits {
    const config = this.host.config();
    return { idleMs: config.record_idle_timeout_ms, maxMs: config.record_max_ms };
  }
  private get session(): Storage | null {
    return this.host.persistent() ? storageOf("sessionStorage") : null;
  }
  private get local(): Storage | null {
    return this.host.persistent() ? storageOf("localStorage") : null;
  }
  private get key(): string {
    return `__ph_replay_${this.host.token}`;
  }
  private get visitKey(): string {
    return `__ph_visit_${this.host.token}`;
  }

  private get rulesKey(): string {
    return `__ph_rules_${this.host.token}`;
  }

  /** The project's own rules, as the server last told them. */
  rules(): Rules {
    return (this.ruled ??= readRules(readJson(this.local, this.rulesKey)) ?? NO_RULES);
  }

  /** Keeps what the server says and masks by it from here on. */
  learn(said: unknown): void {
    const rules = readRules(said);
    if (!rules || rules.version === this.rules().version) return;
    this.ruled = rules;
    if (rules.version) writeJson(this.local, this.rulesKey, rules);
    else safely(() => this.local?.removeItem(this.rulesKey));
    safely(() => this.handle?.follow());
  }

  /** The visit this page belongs to; asking keeps it alive. */
  visit(): Visit {
    const stored = readJson<Visit>(this.local, this.visitKey) ?? this.visitState;
    this.visitState = nextVisit(stored, Date.now(), this.limits, uuid);
    writeJson(this.local, this.visitKey, this.visitState);
    return this.visitState;
  }

  /** The replay that events belong to now, or null. */
  replayId(): string | null {
    if (!this.state || this.paused) return null;
    return expired(this.state, Date.now(), this.limits) ? null : this.state.id;
  }

  tabId(): string {
    return this.state?.tab ?? readJson<Replay>(this.session, this.key)?.tab ?? this.host.page;
  }

  /** Starts as the sampling says; a replay of this tab that is still going on is continued whatever the lot. */
  check(): void {
    if (this.stopped || this.host.optedOut()) return;
    const stored = readJson<Replay>(this.session, this.key);
    const going = stored && !stored.open && !expired(stored, Date.now(), this.limits);
    if (going || sampled(this.visit(), this.host.config().record_sessions_percent)) this.start();
  }

  start(): void {
    const config = this.host.config();
    if (this.state || this.host.optedOut()) return;
    if (owner && owner !== this.host.page) return this.host.log("another instance already records this page");
    if (config.record_respect_reduced_data && reducedData()) return;
    owner = this.host.page;
    this.stopped = this.paused = false;
    this.claim();
    this.load();
  }

  private claim(): void {
    const stored = readJson<Replay>(this.session, this.key);
    this.state = nextReplay(stored, Date.now(), this.limits, uuid).replay;
    this.visit();
    this.save();
    this.hold(2);
  }

  /** A tab that was copied while its page was open is found by `open`; the lock catches the rest. */
  private hold(tries: number): void {
    const tab = this.state?.tab;
    if (!tab) return;
    this.releaseTab?.();
    this.releaseTab = holdLock(`ph-tab-${tab}`, undefined, () => {
      if (this.state?.tab !== tab) return;
      // The page before in this tab may still be letting go.
      if (tries > 1) return void setTimeout(() => this.hold(tries - 1), 500);
      const now = Date.now();
      this.state = { id: uuid(), tab: uuid(), start: now, last: now, open: true };
      this.save();
      this.hold(1);
      this.handle?.restart();
    });
  }

  private save(): void {
    this.saved = Date.now();
    if (this.state) writeJson(this.session, this.key, this.state);
  }

  private leave(): void {
    if (!this.state) return;
    this.state.open = false;
    this.save();
    this.releaseTab?.();
    this.releaseTab = null;
  }

  /** From the back-forward cache: the tab is ours, whatever the page that is just leaving has written about it. */
  private comeBack(): void {
    const ours = this.state;
    if (!ours || owner !== this.host.page) return;
    const stored = readJson<Replay>(this.session, this.key) ?? ours;
    this.state = nextReplay({ ...stored, open: false }, Date.now(), this.limits, uuid).replay;
    this.visit();
    this.save();
    this.hold(2);
    if (this.state.id !== ours.id) this.handle?.restart();
  }

  private load(): void {
    if (this.handle || this.loading) return;
    if ((window as unknown as Dict)[RECORDER_GLOBAL]) return this.begin();
    this.loading = true;
    const src = this.host.config().recorder_src;
    this.script(
      src || `${this.host.apiHost()}/sdk/${__RECORDER__}`,
      0,
      () => {
        this.loading = false;
        this.begin();
      },
      () => {
        this.loading = false;
        this.stop();
      },
    );
  }

  private begin(): void {
    const start = (window as unknown as Dict)[RECORDER_GLOBAL] as StartRecorder | undefined;
    if (!start || !this.state || this.handle) return;
    safely(
      () => (this.handle = start(this.context(), this.backlog.splice(0))),
      (error) => this.host.log("the recorder could not start", error),
    );
    if (this.paused) this.pause();
  }

  private script(src: string, tries: number, done: () => void, failed = done): void {
    const element = document.createElement("script");
    element.src = src;
    element.async = true;
    element.crossOrigin = "anonymous";
    const nonce = (document.querySelector("script[nonce]") as HTMLScriptElement | null)?.nonce;
    if (nonce) element.nonce = nonce;
    element.onload = () => {
      element.remove();
      done();
    };
    element.onerror = () => {
      element.remove();
      if (tries < 3) setTimeout(() => this.script(src, tries + 1, done, failed), 2000 * 3 ** tries);
      else {
        this.host.log(`could not load ${src}`);
        failed();
      }
    };
    (document.head || document.documentElement).appendChild(element);
  }

  private context(): RecorderContext {
    return {
      config: this.host.config(),
      token: this.host.token,
      host: this.host.apiHost(),
      version: __VERSION__,
      epoch: this.epoch,
      owner: this.host.page,
      now: () => this.clock.now(),
      who: () => this.host.who(),
      visit: () => (this.visitState ?? this.visit()).id,
      replay: () => (this.state && !expired(this.state, Date.now(), this.limits) ? this.state.id : null),
      started: () => this.state?.start ?? 0,
      touch: () => {
        if (!this.state) return;
        this.state.last = Date.now();
        if (this.state.last - this.saved > 1000) {
          this.save();
          this.visit();
        }
      },
      rotate: () => {
        const now = Date.now();
        this.state = { id: uuid(), tab: this.state?.tab ?? uuid(), start: now, last: now, open: true };
        this.save();
        this.visit();
        return this.state.id;
      },
      ended: (reason) => {
        this.host.log(`recording ended: ${reason}`);
        this.handle = null;
        this.forget();
      },
      rules: () => this.rules(),
      learn: (rules) => this.learn(rules),
      optedOut: () => this.host.optedOut(),
      recordable: (href) => {
        const { record_url_allow, record_url_block } = this.host.config();
        return recordable(href, record_url_allow, record_url_block);
      },
      onNavigate: (listener) => onNavigate(() => listener("spa")),
      loadPart: (name, use) => {
        const file = { console: __CONSOLE__, network: __NETWORK__, canvas: __CANVAS__ }[name];
        this.script(`${this.host.apiHost()}/sdk/${file}`, 2, () => {
          const parts = (window as unknown as Dict)[PART_GLOBAL] as Record<string, Part> | undefined;
          use(parts?.[name] ?? null);
        });
      },
      log: (message) => this.host.log(message),
      room: keepaliveRoom,
      carry,
    };
  }

  /** A mark in the replay; kept until the recorder is there. */
  mark(tag: string, payload: Dict): void {
    if (!this.state || this.paused) return;
    const marker: Marker = { tag, payload, time: this.clock.now() };
    if (this.handle) safely(() => this.handle?.mark(marker));
    else if (this.backlog.length < 200) this.backlog.push(marker);
  }

  /** Before identity changes: what was recorded so far belongs to who it was. */
  flush(): void {
    safely(() => this.handle?.flush());
  }

  private forget(): void {
    this.stopped = true;
    this.state = null;
    this.backlog = [];
    safely(() => this.session?.removeItem(this.key));
    this.releaseTab?.();
    this.releaseTab = null;
    if (owner === this.host.page) owner = null;
  }

  stop(): void {
    const handle = this.handle;
    this.handle = null;
    if (handle) safely(() => handle.stop());
    this.forget();
  }

  /** Opt-out: stop, and nothing that is still here may leave. */
  wipe(): void {
    safely(() => this.handle?.wipe());
    this.handle = null;
    this.forget();
    safely(() => indexedDB.deleteDatabase("playhead"));
    safely(() => storageOf("localStorage")?.removeItem(this.visitKey));
  }

  /** After reset(): the same sampling question again, with a new replay. */
  renew(): void {
    if (!this.state) return;
    this.stop();
    this.stopped = false;
    this.check();
  }

  allow(): void {
    this.stopped = false;
  }

  pause(): void {
    this.paused = true;
    safely(() => this.handle?.pause());
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    safely(() => this.handle?.resume());
  }
}

function reducedData(): boolean {
  const connection = (navigator as Navigator & { connection?: { saveData?: boolean } }).connection;
  return !!connection?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches;
}
