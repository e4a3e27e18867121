/** The network part: which requests the page made and how they ended. No headers, no bodies. */
import { type Part, PART_GLOBAL } from "../bridge";

const part: Part = (context) => {
  const emit = (request: Record<string, unknown>, url: string): void => {
    try {
      const full = new URL(url, document.baseURI).href;
      if (full.startsWith(`${context.host}/`)) return;
      context.emit("rrweb/network@1", {
        requests: [{ ...request, url: full, timeOrigin: performance.timeOrigin }],
      });
    } catch {}
  };
  const undo: (() => void)[] = [];
  try {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        if (entry.initiatorType === "fetch" || entry.initiatorType === "xmlhttprequest") continue;
        emit(
          {
            initiatorType: entry.initiatorType,
            status: (entry as { responseStatus?: number }).responseStatus,
            startTime: entry.startTime,
            endTime: entry.responseEnd,
          },
          entry.name,
        );
      }
    });
    observer.observe({ type: "resource", buffered: true });
    undo.push(() => observer.disconnect());
  } catch {}

  const originalFetch = window.fetch;
  const ours: typeof fetch = function (this: unknown, input, init) {
    const startTime = performance.now();
    const method = (init?.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
    const url = input instanceof Request ? input.url : String(input);
    const done = (status: number): void =>
      emit({ initiatorType: "fetch", method, status, startTime, endTime: performance.now() }, url);
    const promise = originalFetch.call(this as Window, input, init);
    promise.then(
      (answer) => done(answer.status),
      () => done(0),
    );
    return promise;
  };
  window.fetch = ours;
  undo.push(() => {
    if (window.fetch === ours) window.fetch = originalFetch;
  });

  const open = XMLHttpRequest.prototype.open;
  const patched = function (this: XMLHttpRequest, ...args: unknown[]): void {
    const [method, url] = [String(args[0]).toUpperCase(), String(args[1])];
    let startTime = performance.now();
    this.addEventListener("loadstart", () => (startTime = performance.now()));
    this.addEventListener("loadend", () =>
      emit(
        {
          initiatorType: "xmlhttprequest",
          method,
          status: this.status,
          startTime,
          endTime: performance.now(),
        },
        url,
      ),
    );
    (open as (...a: unknown[]) => void).apply(this, args);
  };
  XMLHttpRequest.prototype.open = patched as typeof open;
  undo.push(() => {
    if ((XMLHttpRequest.prototype.open as unknown) === patched) XMLHttpRequest.prototype.open = open;
  });
  return () => undo.forEach((u) => u());
};

const slot = window as unknown as Record<string, Record<string, Part>>;
(slot[PART_GLOBAL] ??= {}).network = part;
