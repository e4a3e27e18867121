/**
 * Events, profile and group operations on their way: kept in localStorage until the server has them. What is sent together
 * is sealed under one request id first, so that sending it again (after a lost answer, from the next page) changes nothing.
 */
import {
  backoffMs,
  type Dict,
  holdLock,
  readJson,
  retryAfterSeconds,
  safely,
  storageOf,
  uuid,
  writeJson,
} from "./util";

export interface Sealed {
  id: string;
  items: Dict[];
}

export interface Box {
  open: Dict[];
  sealed: Sealed[];
}

/** Chromium carries 64 KiB at a time for everything on the page; addresses and others on the page need some of it. */
const MAX_KEEPALIVE = 60_000;
let carried = 0;

export const keepaliveRoom = (): number => MAX_KEEPALIVE - carried;

export async function carry(url: string, body: string, size: number): Promise<Response> {
  carried += size;
  try {
    return await post(url, body, true);
  } finally {
    carried -= size;
  }
}

/** Closes what is open into requests of at most `size` items. */
export function seal(box: Box, size: number, id: () => string): Box {
  const sealed = [...box.sealed];
  for (let at = 0; at < box.open.length; at += size)
    sealed.push({ id: id(), items: box.open.slice(at, at + size) });
  return { open: [], sealed };
}

/** After a 413: the first request in two halves; a single item that is too large goes. */
export function halve(box: Box, id: () => string): Box {
  const [first, ...rest] = box.sealed;
  if (!first || first.items.length < 2) return { open: box.open, sealed: rest };
  const middle = first.items.length >> 1;
  const halves = [first.items.slice(0, middle), first.items.slice(middle)];
  return { open: box.open, sealed: [...halves.map((items) => ({ id: id(), items })), ...rest] };
}

export interface OutboxOptions {
  prefix: string;
  kind: "ev" | "pp" | "gr";
  page: string;
  persistent: boolean;
  batchSize(): number;
  intervalMs(): number;
  url(requestId: string): string;
  beforeSend(items: Dict[]): Dict[];
  log(message: string): void;
}

export class Outbox {
  private box: Box = { open: [], sealed: [] };
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private running = false;
  private wait = 0;
  private readonly key: string;
  private readonly storage: Storage | null;

  constructor(private readonly options: OutboxOptions) {
    this.key = `${options.prefix}${options.page}_${options.kind}`;
    this.storage = options.persistent ? storageOf("localStorage") : null;
  }

  add(item: Dict, now = false): void {
    this.box.open.push(item);
    this.save();
    if (now) void this.flush();
    else this.schedule(this.box.open.length >= this.options.batchSize() ? 0 : this.options.intervalMs());
  }

  start(): void {
    this.running = true;
    this.adopt();
    if (this.box.open.length + this.box.sealed.length) this.schedule(0);
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  wipe(): void {
    this.box = { open: [], sealed: [] };
    this.save();
  }

  private save(): void {
    if (this.box.open.length + this.box.sealed.length) writeJson(this.storage, this.key, this.box);
    else safely(() => this.storage?.removeItem(this.key));
  }

  /** Takes over what pages left behind that are gone. */
  private adopt(): void {
    const { prefix, kind } = this.options;
    safely(() => {
      for (const key of Object.keys(this.storage ?? {})) {
        if (!key.startsWith(prefix) || !key.endsWith(`_${kind}`) || key === this.key) continue;
        const release = holdLock(`ph-page-${key.slice(prefix.length, -kind.length - 1)}`, () => {
          const left = readJson<Box>(this.storage, key);
          safely(() => this.storage?.removeItem(key));
          if (left?.sealed) {
            // Sealed ones keep their ids: the page before may have sent them already.
            this.box.sealed.unshift(
              ...left.sealed,
              ...seal({ open: left.open, sealed: [] }, 50, uuid).sealed,
            );
            this.save();
            this.schedule(0);
          }
          release();
        });
      }
    });
  }

  private schedule(ms: number): void {
    if (!this.running) return;
    ms = Math.max(ms, this.wait - Date.now());
    if (this.timer !== undefined && ms > 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, ms);
  }

  async flush(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      this.box = seal(this.box, this.options.batchSize(), uuid);
      this.save();
      for (let next = this.box.sealed[0]; next; next = this.box.sealed[0])
        if (!(await this.send(next))) break;
    } finally {
      this.busy = false;
    }
    if (this.box.open.length + this.box.sealed.length) this.schedule(this.options.intervalMs());
  }

  private async send(request: Sealed): Promise<boolean> {
    const items = this.options.beforeSend(request.items);
    const done = (): boolean => {
      this.box.sealed = this.box.sealed.filter((s) => s.id !== request.id);
      this.tries = 0;
      this.save();
      return true;
    };
    if (!items.length) return done();
    let status = 0;
    let body: Dict | null = null;
    let after: string | null = null;
    try {
      const answer = await post(this.options.url(request.id), JSON.stringify(items));
      status = answer.status;
      after = answer.headers.get("Retry-After");
      body = (await answer.json().catch(() => null)) as Dict | null;
    } catch {}
    if (status === 413) {
      this.box = halve(this.box, uuid);
      this.save();
      return true;
    }
    if (status === 0 || status === 429 || status >= 500) {
      const ms = backoffMs(this.tries++, retryAfterSeconds(after, body));
      this.wait = Date.now() + ms;
      this.schedule(ms);
      return false;
    }
    if (status !== 200) this.options.log(`the server refused a request (${status}): ${reason(body)}`);
    return done();
  }

  /** The page may be going away: everything once more, as far as the browser lets it; it stays until it is known to be there. */
  unload(): void {
    this.box = seal(this.box, this.options.batchSize(), uuid);
    this.save();
    for (const request of this.box.sealed) {
      const text = JSON.stringify(this.options.beforeSend(request.items));
      const size = new Blob([text]).size;
      if (size > keepaliveRoom()) return;
      carry(this.options.url(request.id), text, size)
        .then((answer) => {
          if (answer.status !== 200) return;
          this.box.sealed = this.box.sealed.filter((s) => s.id !== request.id);
          this.save();
        })
        .catch(() => undefined);
    }
  }
}

/** A simple request: text/plain, no own header, no cookies; so never a preflight. */
export function post(url: string, body: BodyInit, keepalive = false): Promise<Response> {
  return fetch(url, { method: "POST", body, keepalive, credentials: "omit", referrerPolicy: "no-referrer" });
}

export function reason(body: Dict | null): string {
  const error = body?.error as Dict | string | undefined;
  return String((typeof error === "object" && error?.message) || error || "no reason given");
}
