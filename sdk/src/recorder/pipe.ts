/**
 * The half that stores and sends, in a worker (or on the page's thread where workers are forbidden): database, gzip, requests,
 * retries. It gets masked events only.
 */
import { backoffMs, holdLock, retryAfterSeconds } from "../util";
import { bisect, bodyOf, type Chunk, headCount, judge, merge, oversize, recordUrl } from "./batch";

export type ToPipe =
  | {
      t: "init";
      endpoint: string;
      token: string;
      version: string;
      owner: string;
      flushMs: number;
      batchBytes: number;
      persist: boolean;
    }
  | { t: "add"; chunk: Chunk }
  | { t: "flush" }
  | { t: "arrived"; replay: string; seqs: number[] }
  | { t: "forget"; replay: string }
  | { t: "wipe" };

export type FromPipe =
  | { t: "ready" }
  | { t: "stored" | "acked"; replay: string; seq: number; n: number }
  | { t: "lost"; reason: string }
  | { t: "deleted"; replay: string }
  | { t: "rules"; rules: unknown }
  | { t: "stop"; reason: string }
  | { t: "log"; message: string };

const STORE = "chunks";
const MAX_AGE_MS = 7 * 86_400_000;
/** So many refusals in a row: a wrong token, most likely. */
const MAX_REFUSED = 3;
const MAX_QUEUE = 48 * 1024 * 1024;

function openDatabase(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("playhead", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(STORE, { autoIncrement: true }).createIndex("owner", "owner");
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("database"));
  });

async function gzip(text: string): Promise<Blob | null> {
  if (typeof CompressionStream === "undefined") return null;
  try {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const bytes = await new Response(stream).arrayBuffer();
    return new Blob([bytes], { type: "text/plain" });
  } catch {
    return null;
  }
}

export function createPipe(tell: (message: FromPipe) => void): (message: ToPipe) => void {
  let settings: (ToPipe & { t: "init" }) | null = null;
  let database: Promise<IDBDatabase | null> = Promise.resolve(null);
  let queue: Chunk[] = [];
  let waiting: Chunk[] = [];
  let writing = false;
  let sending = false;
  let tries = 0;
  let refused = 0;
  let notBefore = 0;
  let live = false;
  let ratio = 6;
  let limit = Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = 0;
  let first = true;
  let generation = 0;
  let abort = new AbortController();

  async function store(): Promise<void> {
    if (writing) return;
    writing = true;
    while (waiting.length) {
      const now = waiting.splice(0);
      try {
        const db = await database;
        if (!db) break;
        const tx = db.transaction(STORE, "readwrite", { durability: "relaxed" });
        const chunks = now.filter((c) => queue.includes(c));
        const keys = await Promise.all(chunks.map((c) => settled(tx.objectStore(STORE).add({ ...c }))));
        const gone: IDBValidKey[] = [];
        chunks.forEach((chunk, i) => {
          if (queue.includes(chunk)) chunk.key = keys[i] as number;
          else gone.push(keys[i]!);
          tell({ t: "stored", replay: chunk.replay, seq: chunk.seq, n: chunk.events.length });
        });
        await erase(gone);
      } catch {
        // No room, or a private window: the page's ring and the unload request remain.
      }
    }
    writing = false;
  }

  async function erase(keys: IDBValidKey[]): Promise<void> {
    if (!keys.length) return;
    try {
      const tx = (await database)?.transaction(STORE, "readwrite");
      for (const key of keys) tx?.objectStore(STORE).delete(key);
    } catch {}
  }

  /** What pages left behind that are no more goes first. */
  async function claim(): Promise<void> {
    const db = await database;
    if (!db || !settings) return;
    const { owner, token } = settings;
    const keys = await settled(db.transaction(STORE).objectStore(STORE).getAllKeys());
    const chunks = (await settled(db.transaction(STORE).objectStore(STORE).getAll())) as Chunk[];
    const byOwner = new Map<string, Chunk[]>();
    chunks.forEach((chunk, i) => {
      chunk.key = keys[i] as number;
      if (chunk.owner === owner || chunk.token !== token) return;
      if (Date.now() - chunk.at > MAX_AGE_MS) return void erase([chunk.key]);
      byOwner.set(chunk.owner, [...(byOwner.get(chunk.owner) ?? []), chunk]);
    });
    for (const [other, left] of byOwner)
      // Held as long as this page lives, so that only one page sends them.
      holdLock(`ph-page-${other}`, () => {
        left.sort((a, b) => (a.epoch === b.epoch ? a.seq - b.seq : a.epoch < b.epoch ? -1 : 1));
        queue.unshift(...left);
        schedule(0);
      });
  }

  function schedule(ms: number): void {
    const now = Date.now();
    const at = Math.max(now + ms, notBefore);
    if (timer !== undefined && dueAt <= at) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => {
      timer = undefined;
      void pump();
    }, at - now);
  }

  async function pump(): Promise<void> {
    if (sending || !settings || !queue.length) return;
    if (Date.now() < notBefore) return schedule(0);
    sending = true;
    first = false;
    const mine = generation;
    let wait: number | null = null;
    while (queue.length && wait === null && mine === generation) wait = await send();
    sending = false;
    if (queue.length) schedule(wait ?? interval());
  }

  const interval = (): number => (live ? 1000 : first ? 1000 : (settings?.flushMs ?? 5000));

  /** One request. Answers null to go on at once, or how long to wait. */
  async function send(): Promise<number | null> {
    const s = settings!;
    const count = headCount(queue, Math.min(limit, s.batchBytes * ratio));
    const chunks = queue.slice(0, count);
    const whole = merge(chunks);
    const text = bodyOf(whole);
    const packed = await gzip(text);
    if (packed && text.length > 10_000) ratio = Math.min(12, Math.max(3, text.length / packed.size));
    let status = 0;
    let body: unknown = null;
    let after: string | null = null;
    try {
      const url = recordUrl(s.endpoint, s.version, whole, packed ? "gzip" : "body", Date.now());
      abort = new AbortController();
      const cut = setTimeout(() => abort.abort(), 90_000);
      try {
        const answer = await fetch(url, {
          method: "POST",
          body: packed ?? new Blob([text], { type: "text/plain" }),
          credentials: "omit",
          referrerPolicy: "no-referrer",
          signal: abort.signal,
        });
        status = answer.status;
        after = answer.headers.get("Retry-After");
        body = await answer.json().catch(() => null);
      } finally {
        clearTimeout(cut);
      }
    } catch {}
    const rules = (body as { rules?: unknown } | null)?.rules;
    if (status === 200 && rules) tell({ t: "rules", rules });
    // The queue may have been wiped, or the page may have reported some of it as arrived, meanwhile.
    const here = chunks.filter((c) => queue.includes(c));
    const verdict = judge(status, body);
    if (verdict.kind === "retry") {
      const ms = backoffMs(tries++, retryAfterSeconds(after, body));
      notBefore = Date.now() + ms;
      trim();
      return ms;
    }
    tries = 0;
    if (verdict.kind === "bisect") {
      if (count > 1) {
        limit = Math.max(1, Math.floor(Math.min(limit, whole.size) / 2));
        return null;
      }
      const only = here[0];
      if (!only) return null;
      if (only.events.length > 1) queue.splice(queue.indexOf(only), 1, ...bisect(only));
      else {
        tell({ t: "lost", reason: "an event was too large" });
        if (/"tag":"ph:oversize"/.test(only.events[0]!)) finish(here);
        else {
          only.events = [oversize(only.events[0]!)];
          only.size = only.events[0]!.length;
        }
      }
      return null;
    }
    finish(here);
    switch (verdict.kind) {
      case "ok":
        refused = 0;
        live = verdict.live;
        tell({ t: "acked", replay: whole.replay, seq: whole.seq, n: whole.events.length });
        return queue.length && queueSize() < s.batchBytes * ratio && sameAge() ? interval() : null;
      case "deleted":
        forget(whole.replay);
        tell({ t: "deleted", replay: whole.replay });
        return null;
      case "stop":
        wipe();
        tell({ t: "stop", reason: verdict.reason });
        return null;
      case "drop":
        if (++refused >= MAX_REFUSED) {
          wipe();
          tell({ t: "stop", reason: verdict.reason });
          return null;
        }
        tell({ t: "log", message: `the server refused a batch: ${verdict.reason}` });
        tell({ t: "acked", replay: whole.replay, seq: whole.seq, n: whole.events.length });
        tell({ t: "lost", reason: verdict.reason });
        return null;
    }
  }

  const queueSize = (): number => queue.reduce((sum, c) => sum + c.size, 0);
  /** What is left is this page's own and young: it may wait for company. */
  const sameAge = (): boolean =>
    queue.every((c) => c.owner === settings?.owner && Date.now() - c.at < interval());

  function finish(chunks: Chunk[]): void {
    queue = queue.filter((c) => !chunks.includes(c));
    void erase(chunks.flatMap((c) => (c.key === undefined ? [] : [c.key])));
  }

  function forget(replay: string): void {
    finish(queue.filter((c) => c.replay === replay));
  }

  function wipe(): void {
    generation++;
    queue = [];
    waiting = [];
    abort.abort();
    void database.then((db) => {
      try {
        db?.transaction(STORE, "readwrite").objectStore(STORE).clear();
      } catch {}
    });
  }

  /** Offline for long: the oldest goes, and the replay is resynchronised. */
  function trim(): void {
    let lost = false;
    while (queue.length > 1 && queueSize() > MAX_QUEUE) {
      finish([queue[0]!]);
      lost = true;
    }
    if (lost) tell({ t: "lost", reason: "too much was waiting to be sent" });
  }

  return (message) => {
    switch (message.t) {
      case "init":
        settings = message;
        if (message.persist) {
          database = openDatabase();
          claim().catch(() => undefined);
        }
        tell({ t: "ready" });
        break;
      case "add":
        queue.push(message.chunk);
        waiting.push(message.chunk);
        void store();
        schedule(settings && queueSize() >= settings.batchBytes * ratio ? 0 : interval());
        break;
      case "flush":
        schedule(0);
        break;
      case "arrived":
        finish(queue.filter((c) => c.replay === message.replay && message.seqs.includes(c.seq)));
        break;
      case "forget":
        forget(message.replay);
        break;
      case "wipe":
        wipe();
        break;
    }
  };
}
