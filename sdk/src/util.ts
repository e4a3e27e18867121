/** Small things both halves need. */

export type Dict = Record<string, unknown>;

export function uuid(): string {
  try {
    return crypto.randomUUID();
  } catch {
    // randomUUID exists on secure origins only.
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6]! & 0x0f) | 0x40;
    b[8] = (b[8]! & 0x3f) | 0x80;
    const hex = Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
}

export function readJson<T>(storage: Storage | null, key: string): T | null {
  try {
    const text = storage?.getItem(key);
    return text ? (JSON.parse(text) as T) : null;
  } catch {
    return null;
  }
}

export function writeJson(storage: Storage | null, key: string, value: unknown): boolean {
  try {
    storage?.setItem(key, JSON.stringify(value));
    return !!storage;
  } catch {
    return false;
  }
}

/** Storage may be forbidden: then reading the property itself throws. */
export function storageOf(name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[name];
  } catch {
    return null;
  }
}

/** Calls something of the site's or our own that may throw; the page never sees it. */
export function safely<T>(action: () => T, onError?: (error: unknown) => void): T | undefined {
  try {
    return action();
  } catch (error) {
    onError?.(error);
    return undefined;
  }
}

/** Milliseconds until the next try: doubling from one second to five minutes, with jitter; the server's word wins. */
export function backoffMs(tries: number, retryAfterS: number, random: () => number = Math.random): number {
  const own = Math.min(1000 * 2 ** tries, 300_000) * (0.5 + random() / 2);
  return Math.max(own, Math.min(retryAfterS, 3600) * 1000);
}

export function retryAfterSeconds(header: string | null, body: unknown): number {
  const seconds = Number(header);
  if (header && Number.isFinite(seconds)) return seconds;
  const date = header ? Date.parse(header) : NaN;
  if (Number.isFinite(date)) return Math.max(0, (date - Date.now()) / 1000);
  const told = Number((body as Dict | null)?.retry_after);
  return Number.isFinite(told) ? told : 0;
}

/**
 * Holds a Web Lock until `release` is called. `taken` runs when someone else holds it. Without Web Locks (insecure origins)
 * nobody is ever found alive: what that can cause is sending something twice, which the server drops.
 */
export function holdLock(name: string, held?: () => void, taken?: () => void): () => void {
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => (release = resolve));
  safely(() => {
    if (!navigator.locks) return held?.();
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) return taken?.();
        held?.();
        return done;
      })
      .catch(() => undefined);
  });
  return release;
}
