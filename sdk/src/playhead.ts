/** The public object: `window.playhead`, with the methods of `window.mixpanel`. */
import { type Who, WIRE_VERSION } from "./bridge";
import { applyConfig, type Config, DEFAULTS, type Hook, maskMode } from "./config";
import { Flags } from "./flags";
import { onNavigate, whenShown } from "./navigation";
import { Outbox } from "./outbox";
import { type Callback, Group, People } from "./people";
import { Persistence } from "./persistence";
import { campaign, eventProperties, pageProperties, truncate } from "./properties";
import { Recording } from "./recording";
import { type Dict, holdLock, readJson, safely, storageOf, uuid, writeJson } from "./util";

const IDENTITY = ["distinct_id", "$device_id", "$user_id"];
const DEVICE = "$device:";

export interface TrackOptions {
  transport?: string;
  send_immediately?: boolean;
}
export interface OptOptions {
  track?: (event: string, properties?: Dict) => void;
  track_event_name?: string;
  track_properties?: Dict;
  delete_user?: boolean;
  clear_persistence?: boolean;
  persistence_type?: "cookie" | "localStorage";
  cookie_prefix?: string;
  enable_persistence?: boolean;
}
type RegisterOptions = number | { persistent?: boolean; days?: number };
type TrackedEvent = { event: string; properties: Dict };

export interface Entry {
  apiHost?: string;
}

/** Where to look when no `api_host` is given: where the script came from. */
let fallbackHost = "";
export const setFallbackHost = (host: string): void => {
  fallbackHost = host;
};

const instances = new Map<string, Playhead>();

export class Playhead {
  people: People = new People(
    (op, done) => this.engage(op, done),
    (message) => this.log(message),
  );
  flags: Flags = new Flags((message) => this.log(message));
  persistence: Persistence | undefined;
  private token = "";
  private name = "";
  private config: Config = DEFAULTS;
  private recording: Recording | undefined;
  private boxes: Outbox[] = [];
  private disabledEvents: Set<string> | true = new Set();
  private hooks: Record<string, Hook[]> = {};
  private transientProps: Dict = {};
  private readonly page = uuid();
  private shown = false;
  private waiting: (() => void)[] = [];

  /** Starts. With a name, a further instance is made and is also at `playhead[name]`. Never throws. */
  init(token: string, config?: Partial<Config>, name?: string): Playhead {
    try {
      if (name && name !== "playhead") {
        const known = instances.get(name);
        if (known) return known;
        const instance = new Playhead();
        instances.set(name, instance);
        if (name in this) this.log(`init: ${name} is a method; the instance is only returned`);
        else (this as unknown as Dict)[name] = instance;
        instance.begin(token, config, name);
        return instance;
      }
      if (this.token) this.log("init was called twice; the first call counts");
      else this.begin(token, config, "playhead");
    } catch (error) {
      this.log("init failed", error);
    }
    return this;
  }

  private begin(token: string, options: Partial<Config> | undefined, name: string): void {
    if (typeof window === "undefined" || typeof document === "undefined") return;
    if (!token || typeof token !== "string") return this.log("init needs the project's token");
    this.token = token;
    this.name = name;
    this.config = applyConfig(DEFAULTS, options, (message) => this.log(message));
    if (this.config.autocapture) this.log("autocapture is not part of this SDK");
    for (const [hook, fns] of Object.entries(this.config.hooks ?? {}))
      this.hooks[hook] = ([] as Hook[]).concat(fns);
    this.persistence = new Persistence(this.config, token);
    // Who has opted out leaves nothing new on the device either.
    if (this.has_opted_out_tracking() && (this.optedOut() || this.config.opt_out_persistence_by_default))
      this.persistence.disabled = true;
    const id = uuid();
    this.persistence.registerOnce({ distinct_id: DEVICE + id, $device_id: id }, "");
    // While this lock is held, no other page takes over what this one has queued.
    const hold = (): (() => void) => holdLock(`ph-page-${this.page}`);
    let release = hold();
    addEventListener("pagehide", () => release());
    addEventListener("pageshow", (event) => {
      if (event.persisted) release = hold();
    });
    const prefix = `__phq_${token}_`;
    const outbox = (kind: "ev" | "pp" | "gr", route: string, hook: string): Outbox =>
      new Outbox({
        prefix,
        kind,
        page: this.page,
        persistent: !this.persistence?.disabled,
        batchSize: () => this.config.batch_size,
        intervalMs: () => (this.config.batch_requests ? this.config.batch_flush_interval_ms : 0),
        url: (requestId) => this.url(route, { request_id: requestId }),
        beforeSend: (items) =>
          items.flatMap((item) => {
            const kept = this.runHook(hook, [item]);
            return kept ? [kept[0] as Dict] : [];
          }),
        log: (message) => this.log(message),
      });
    this.boxes = [
      outbox("ev", "track", "before_send_events"),
      outbox("pp", "engage", "before_send_people"),
      outbox("gr", "groups", "before_send_groups"),
    ];
    this.recording = new Recording({
      token,
      page: this.page,
      config: () => this.config,
      apiHost: () => this.get_api_host(),
      who: () => this.who(),
      optedOut: () => this.has_opted_out_tracking(),
      persistent: () => !this.persistence?.disabled,
      log: (message, error) => this.log(message, error),
    });
    const leave = (): void => {
      for (const box of this.boxes) safely(() => box.unload());
    };
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") leave();
    });
    // Opting out in one tab is opting out in all.
    addEventListener("storage", (event) => {
      if (event.key === this.consentKey && event.newValue === "0") this.purge();
    });
    whenShown(() => this.show());
    safely(
      () => (this.config.loaded as (p: Playhead) => void)(this),
      (error) => this.log("loaded() threw", error),
    );
  }

  /** The page is really shown, not only prerendered. */
  private show(): void {
    if (this.config.save_referrer) this.persistence?.updateReferrer(document.referrer);
    this.marketing();
    this.shown = true;
    if (this.config.remote_settings_mode === "disabled") this.recording?.check();
    else void this.remoteSettings();
    if (this.config.batch_autostart) this.start_batch_senders();
    for (const action of this.waiting.splice(0)) action();
    const mode = this.config.track_pageview;
    if (!mode) return;
    this.track_pageview();
    onNavigate((before) => {
      if (mode === "url-with-path" && before.split(/[?#]/)[0] === location.href.split(/[?#]/)[0]) return;
      if (mode === "url-with-path-and-query-string" && before.split("#")[0] === location.href.split("#")[0])
        return;
      this.marketing();
      this.track_pageview();
    });
  }

  private marketing(): void {
    if (!this.config.track_marketing || this.has_opted_out_tracking()) return;
    const first = this.persistence?.updateCampaign(location.search);
    if (first && Object.keys(first).length && !this.config.skip_first_touch_marketing)
      this.people.set_once(first);
  }

  private async remoteSettings(): Promise<void> {
    const strict = this.config.remote_settings_mode === "strict";
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 2000);
    try {
      const answer = await fetch(this.url("settings", {}), { credentials: "omit", signal: abort.signal });
      const body = (await answer.json()) as Dict;
      const config = ((body.sdk_config as Dict)?.config ?? {}) as Dict;
      // Masking can't be loosened from afar, and functions can't come from there.
      const taken: Dict = {};
      for (const key in config)
        if (key in DEFAULTS && !/mask|block|allow|url_params|host|hook|dnt|opt_|loaded|error_|src/.test(key))
          taken[key] = config[key];
      if (strict && !Object.keys(taken).length) throw new Error("no settings");
      this.config = applyConfig(this.config, taken, (message) => this.log(message));
      this.recording?.learn(body.rules);
      if (body.recording === "stop") return;
    } catch {
      if (strict) {
        this.config.record_sessions_percent = 0;
        this.config.recording_event_triggers = {};
      }
    } finally {
      clearTimeout(timer);
    }
    this.recording?.check();
  }

  private url(route: string, query: Dict): string {
    const params = new URLSearchParams({
      v: WIRE_VERSION,
      token: this.token,
      mp_lib: "playhead",
      $lib_version: __VERSION__,
      sent_at: String(Date.now()),
    });
    if (!this.config.ip) params.set("ip", "0");
    for (const key in query) params.set(key, String(query[key]));
    return `${this.get_api_host()}/${this.config.api_routes[route]}?${params}`;
  }

  private who(): Who {
    const out: Dict = {};
    for (const key of IDENTITY) if (this.get_property(key)) out[key] = this.get_property(key);
    return out as unknown as Who;
  }

  private log(message: string, error?: unknown): void {
    safely(() => (this.config.error_reporter as (m: string, e?: unknown) => void)(message, error));
    safely(() => console.warn(`[playhead] ${message}`, ...(error === undefined ? [] : [error])));
  }

  private usable(): boolean {
    if (!this.token) this.log("call init first");
    return !!this.token;
  }

  private runHook(name: string, args: unknown[]): unknown[] | null {
    for (const hook of this.hooks[name] ?? []) {
      const result = safely(
        () => (hook as (...a: unknown[]) => unknown)(...args),
        (error) => this.log(`hook ${name} threw`, error),
      );
      if (result === null || result === undefined) return null;
      args = Array.isArray(result) ? result : [result, ...args.slice(1)];
    }
    return args;
  }

  // ---- events ----

  track(
    event: string,
    props?: Dict | null,
    options?: TrackOptions | Callback,
    callback?: Callback,
  ): TrackedEvent | false {
    if (!this.usable()) return false;
    if (typeof options === "function") [options, callback] = [undefined, options];
    if (typeof event !== "string" || !event) {
      this.log("track needs an event name");
      return false;
    }
    if (this.has_opted_out_tracking() || this.disabledEvents === true || this.disabledEvents.has(event)) {
      callback?.(0);
      return false;
    }
    const hooked = this.runHook("before_track", [event, { ...props }]);
    if (!hooked) {
      callback?.(0);
      return false;
    }
    const name = String(hooked[0]);
    const given = (hooked[1] ?? {}) as Dict;
    const now = Date.now();
    const data: TrackedEvent = { event: name, properties: {} };
    const finish = (): void => {
      const trigger = this.config.recording_event_triggers[name];
      if (trigger && !this.recording?.replayId()) this.trigger(trigger);
      const started = this.persistence?.takeTimer(name);
      const replayId = this.recording?.replayId();
      const props: Dict = {
        ...eventProperties(),
        ...this.persistence?.superProperties(),
        ...this.transientProps,
        ...(started === undefined ? {} : { $duration: (now - started) / 1000 }),
        ...(replayId ? { $mp_replay_id: replayId } : {}),
        ...given,
        token: this.token,
        time: now / 1000,
        $insert_id: Math.random().toString(36).slice(2, 12) + Math.random().toString(36).slice(2, 8),
      };
      for (const key of this.config.property_blacklist) delete props[key];
      data.properties = truncate(props) as Dict;
      this.recording?.mark("ph:event", { name: name.slice(0, 255) });
      const at = options as TrackOptions | undefined;
      this.boxes[0]?.add(
        { event: data.event, properties: data.properties },
        at?.send_immediately || at?.transport === "sendBeacon",
      );
      callback?.(1);
    };
    if (this.shown) finish();
    else this.waiting.push(finish);
    return data;
  }

  private trigger(trigger: { percentage?: number; property_filters?: unknown }): void {
    if (trigger.property_filters && Object.keys(trigger.property_filters).length)
      return this.log("recording_event_triggers: property_filters are not supported; nothing is started");
    if (Math.random() * 100 < (trigger.percentage ?? 100)) this.recording?.start();
  }

  track_pageview(props?: Dict, options?: { event_name?: string }): TrackedEvent | false {
    const utm = this.config.track_marketing ? campaign(location.search) : {};
    const page = pageProperties();
    // A title is text of the page: where that is masked, it doesn't leave by another door.
    if (maskMode(this.config) === "text") delete page.current_page_title;
    return this.track(options?.event_name ?? "$mp_web_page_view", { ...utm, ...page, ...props });
  }

  track_with_groups(event: string, props: Dict, groups: Dict, callback?: Callback): TrackedEvent | false {
    return this.track(event, { ...props, ...groups }, callback);
  }

  /** Tracks clicks on links. The event leaves with the page (keepalive), so the click is never held up. */
  track_links(query: unknown, event: string, props?: Dict | ((element: Element) => Dict)): number {
    return this.trackDom(query, "click", event, props, (el) => ({ url: (el as HTMLAnchorElement).href }));
  }

  track_forms(query: unknown, event: string, props?: Dict | ((element: Element) => Dict)): number {
    return this.trackDom(query, "submit", event, props, () => ({}));
  }

  private trackDom(
    query: unknown,
    type: string,
    event: string,
    props: Dict | ((element: Element) => Dict) | undefined,
    own: (element: Element) => Dict,
  ): number {
    const elements =
      typeof query === "string"
        ? Array.from(safely(() => document.querySelectorAll(query)) ?? [])
        : query instanceof Element
          ? [query]
          : Array.from((query as ArrayLike<Element>) ?? []);
    if (!elements.length) this.log(`nothing on the page matches ${String(query)}`);
    for (const element of elements)
      element.addEventListener(type, () => {
        const extra = typeof props === "function" ? safely(() => props(element)) : props;
        this.track(event, { ...own(element), ...extra }, { send_immediately: true });
      });
    return elements.length;
  }

  time_event(event: string): void {
    if (!event) return this.log("time_event needs an event name");
    this.persistence?.setTimer(event, Date.now());
  }

  disable(events?: string[]): void {
    if (!events) this.disabledEvents = true;
    else if (this.disabledEvents !== true) for (const event of events) this.disabledEvents.add(event);
  }

  enable(events?: string[]): void {
    if (!events || this.disabledEvents === true) this.disabledEvents = new Set();
    else for (const event of events) this.disabledEvents.delete(event);
  }

  /** Runs one queued call: `["track", "Sign up"]`, `["people.set", {…}]` or a function. */
  push(item: unknown): void {
    safely(
      () => {
        if (typeof item === "function") return item.call(this);
        if (!Array.isArray(item)) return;
        const path = String(item[0]).split(".");
        const method = path.pop()!;
        const target = (path[0] ? (this as unknown as Dict)[path[0]] : this) as Record<
          string,
          (...a: unknown[]) => unknown
        >;
        target[method]!(...(item.slice(1) as unknown[]));
      },
      (error) => this.log("push failed", error),
    );
  }

  start_batch_senders(): void {
    // What an earlier page has queued stays where it is until it may be sent.
    if (this.has_opted_out_tracking()) return;
    for (const box of this.boxes) box.start();
  }
  stop_batch_senders(): void {
    for (const box of this.boxes) box.stop();
  }

  // ---- super properties ----

  register(props: Dict, options?: RegisterOptions): void {
    this.registering("before_register", props, options, (p, days) => this.persistence?.register(p, days));
  }

  register_once(props: Dict, fallback: unknown = "None", options?: RegisterOptions): void {
    this.registering("before_register_once", props, options, (p, days) =>
      this.persistence?.registerOnce(p, fallback, days),
    );
  }

  private registering(
    hook: string,
    props: Dict,
    options: RegisterOptions | undefined,
    keep: (props: Dict, days?: number) => void,
  ): void {
    const hooked = this.runHook(hook, [{ ...props }, options]);
    if (!hooked) return;
    const given = hooked[0] as Dict;
    if (typeof options === "object" && options.persistent === false) {
      if (hook === "before_register") Object.assign(this.transientProps, given);
      else this.transientProps = { ...given, ...this.transientProps };
      return;
    }
    keep(given, typeof options === "object" ? options.days : options);
  }

  unregister(property: string, options?: { persistent?: boolean }): void {
    const hooked = this.runHook("before_unregister", [property, options]);
    if (!hooked) return;
    if (options?.persistent === false) delete this.transientProps[String(hooked[0])];
    else this.persistence?.unregister(String(hooked[0]));
  }

  get_property(name: string): unknown {
    return this.persistence?.props[name];
  }

  name_tag(name: string): void {
    this.register({ mp_name_tag: name });
  }

  // ---- identity ----

  identify(id?: string): void {
    if (!this.usable()) return;
    const hooked = this.runHook("before_identify", [id]);
    if (!hooked) return;
    const next = hooked[0] as string | undefined;
    const before = this.get_distinct_id();
    if (next !== undefined && next !== before) {
      if (typeof next === "string" && next.startsWith(DEVICE))
        return this.log("identify: an id can't begin with $device:");
      if (next === null || next === "") return this.log("identify needs an id");
      this.recording?.flush();
      if (!this.get_property("$device_id"))
        this.persistence?.registerOnce({ $device_id: before, $had_persisted_distinct_id: true }, "");
      if (next !== this.get_property("__alias")) this.persistence?.unregister("__alias");
      this.persistence?.register({ distinct_id: next, $user_id: next });
    } else if (next !== undefined) this.persistence?.register({ $user_id: next });
    this.releasePeople();
    if (next !== undefined && next !== before)
      this.track("$identify", { distinct_id: next, $anon_distinct_id: before }, { send_immediately: true });
  }

  alias(alias: string, original?: string): number | undefined {
    if (!this.usable()) return undefined;
    const from = original ?? this.get_distinct_id();
    if (alias === from) {
      this.log("alias: both ids are the same");
      this.identify(alias);
      return -1;
    }
    this.persistence?.register({ __alias: alias });
    this.track("$create_alias", { alias, distinct_id: from }, { send_immediately: true }, () =>
      this.identify(alias),
    );
    return undefined;
  }

  get_distinct_id(): string {
    return String(this.get_property("distinct_id") ?? "");
  }

  reset(): void {
    if (!this.persistence) return;
    this.recording?.flush();
    this.persistence.props = {};
    const id = uuid();
    this.persistence.register({ distinct_id: DEVICE + id, $device_id: id });
    this.transientProps = {};
    this.recording?.renew();
  }

  // ---- profiles and groups ----

  private get heldKey(): string {
    return `__ph_people_${this.token}`;
  }

  private engage(operation: Dict, callback?: Callback): unknown {
    if (!this.usable() || this.has_opted_out_tracking()) {
      callback?.(0);
      return false;
    }
    const sent: Dict = { ...(truncate(operation) as Dict), $token: this.token };
    if (this.get_property("$user_id")) {
      this.boxes[1]?.add({ ...sent, ...this.profileIds() });
    } else {
      // Like mixpanel-browser, operations wait until it is known whom they are about.
      const local = this.persistence?.disabled ? null : storageOf("localStorage");
      const held = readJson<Dict[]>(local, this.heldKey) ?? this.held;
      held.push(sent);
      this.held = held.slice(-200);
      writeJson(local, this.heldKey, this.held);
    }
    callback?.(1);
    return sent;
  }
  private held: Dict[] = [];

  private profileIds(): Dict {
    const who = this.who();
    return { $distinct_id: who.distinct_id, $device_id: who.$device_id, $user_id: who.$user_id };
  }

  private releasePeople(): void {
    if (!this.get_property("$user_id")) return;
    const local = storageOf("localStorage");
    const held = readJson<Dict[]>(local, this.heldKey) ?? this.held;
    this.held = [];
    safely(() => local?.removeItem(this.heldKey));
    if (!this.has_opted_out_tracking())
      for (const operation of held) this.boxes[1]?.add({ ...operation, ...this.profileIds() });
  }

  set_group(key: string, ids: unknown, callback?: Callback): unknown {
    const list = Array.isArray(ids) ? ids : [ids];
    this.register({ [key]: list });
    return this.people.set(key, list, callback);
  }

  add_group(key: string, id: unknown, callback?: Callback): unknown {
    const before = this.get_property(key);
    const list = Array.isArray(before) ? before : before === undefined ? [] : [before];
    if (!list.includes(id)) this.register({ [key]: [...list, id] });
    return this.people.union(key, id, callback);
  }

  remove_group(key: string, id: unknown, callback?: Callback): unknown {
    const before = this.get_property(key);
    const left = (Array.isArray(before) ? before : []).filter((v) => v !== id);
    if (left.length) this.register({ [key]: left });
    else this.unregister(key);
    return this.people.remove(key, id, callback);
  }

  get_group(key: string, id: unknown): Group {
    return new Group((operation, callback) => {
      if (!this.usable() || this.has_opted_out_tracking()) {
        callback?.(0);
        return false;
      }
      const sent = { ...(truncate(operation) as Dict), $group_key: key, $group_id: id, $token: this.token };
      this.boxes[2]?.add(sent);
      callback?.(1);
      return sent;
    });
  }

  // ---- recording ----

  start_session_recording(): void {
    if (this.usable()) this.recording?.start();
  }
  stop_session_recording(): void {
    this.recording?.stop();
  }
  pause_session_recording(): void {
    this.recording?.pause();
  }
  resume_session_recording(): void {
    this.recording?.resume();
  }
  get_session_recording_properties(): { $mp_replay_id?: string } {
    const id = this.recording?.replayId();
    return id ? { $mp_replay_id: id } : {};
  }
  /** A link that leads a member of the project to this replay, or null while nothing is recorded. */
  get_session_replay_url(): string | null {
    const id = this.recording?.replayId();
    return id ? `${this.get_api_host()}/replay/${id}?token=${encodeURIComponent(this.token)}` : null;
  }

  // ---- consent ----

  private get consentKey(): string {
    return `${this.config.opt_out_tracking_cookie_prefix ?? "__mp_opt_in_out_"}${this.token}`;
  }

  private consent(value?: "0" | "1" | null): string | null {
    const cookie = this.config.opt_out_tracking_persistence_type === "cookie";
    return (
      safely(() => {
        if (value !== undefined) {
          if (cookie)
            document.cookie = `${this.consentKey}=${value ?? ""}; path=/; max-age=${value === null ? 0 : this.config.cookie_expiration * 86_400}`;
          else if (value === null) localStorage.removeItem(this.consentKey);
          else localStorage.setItem(this.consentKey, value);
        }
        this.consentMemory = value === undefined ? this.consentMemory : value;
        if (!cookie) return localStorage.getItem(this.consentKey);
        return (
          document.cookie
            .split("; ")
            .find((c) => c.startsWith(`${this.consentKey}=`))
            ?.slice(-1) ?? null
        );
      }) ?? this.consentMemory
    );
  }
  private consentMemory: string | null = null;

  private dnt(): boolean {
    const n = navigator as Navigator & { globalPrivacyControl?: boolean; doNotTrack?: string };
    const told = n.doNotTrack ?? (window as unknown as Dict).doNotTrack;
    return !this.config.ignore_dnt && (n.globalPrivacyControl === true || told === "1" || told === "yes");
  }

  has_opted_in_tracking(): boolean {
    return this.consent() === "1" && !this.dnt();
  }

  has_opted_out_tracking(): boolean {
    if (!this.token || this.dnt()) return !!this.token;
    const said = this.consent();
    return said === "0" || (said !== "1" && this.config.opt_out_tracking_by_default);
  }

  /** Said so by the visitor, here or by the browser, and not only assumed. */
  private optedOut(): boolean {
    return this.dnt() || this.consent() === "0";
  }

  /** Nothing that is still here may leave: not from memory, not from what this or an earlier page left on the device. */
  private purge(): void {
    for (const box of this.boxes) box.wipe();
    this.recording?.wipe();
    this.held = [];
    safely(() => {
      for (const key of Object.keys(localStorage))
        if (key === this.heldKey || key.startsWith(`__phq_${this.token}_`)) localStorage.removeItem(key);
    });
  }

  opt_in_tracking(options: OptOptions = {}): void {
    if (!this.usable()) return;
    this.consent("1");
    if (this.persistence && options.enable_persistence !== false && !this.config.disable_persistence) {
      this.persistence.disabled = false;
      this.persistence.save();
    }
    if (this.dnt()) return;
    if (this.config.batch_autostart) this.start_batch_senders();
    this.track(options.track_event_name ?? "$opt_in", options.track_properties, { send_immediately: true });
    this.recording?.allow();
    this.recording?.check();
  }

  opt_out_tracking(options: OptOptions = {}): void {
    if (!this.usable()) return;
    this.purge();
    if (options.delete_user !== false && this.get_property("$user_id")) {
      this.people.delete_user();
      this.people.clear_charges();
      void this.boxes[1]?.flush();
    }
    this.consent("0");
    if (options.clear_persistence !== false && this.persistence) {
      this.persistence.clear();
      this.persistence.disabled = true;
    }
  }

  clear_opt_in_out_tracking(): void {
    this.consent(null);
    if (this.persistence && !this.config.disable_persistence) this.persistence.disabled = false;
  }

  // ---- configuration ----

  set_config(config: Partial<Config>): void {
    this.config = applyConfig(this.config, config, (message) => this.log(message));
    if (this.persistence && this.config.disable_persistence) this.persistence.disabled = true;
  }

  get_config<K extends keyof Config>(name: K): Config[K];
  get_config(): Config;
  get_config(name?: keyof Config): unknown {
    return name ? this.config[name] : this.config;
  }

  get_api_host(): string {
    return this.config.api_host || fallbackHost || (typeof location === "undefined" ? "" : location.origin);
  }

  add_hook(name: string, hook: Hook): void {
    (this.hooks[name] ??= []).push(hook);
  }

  remove_hook(name: string, hook?: Hook): void {
    if (hook) this.hooks[name] = (this.hooks[name] ?? []).filter((h) => h !== hook);
    else delete this.hooks[name];
  }

  get_tab_id(): string {
    return this.recording?.tabId() ?? "";
  }

  toString(): string {
    return this.name && this.name !== "playhead" ? `playhead.${this.name}` : "playhead";
  }
}
