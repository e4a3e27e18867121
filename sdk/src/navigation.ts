/** Tells when a single-page app changes its address. */
import { safely } from "./util";

const listeners = new Set<(before: string) => void>();
let last = "";

function look(): void {
  if (location.href === last) return;
  const before = last;
  last = location.href;
  for (const listener of listeners) safely(() => listener(before));
}

export function onNavigate(listener: (before: string) => void): () => void {
  if (!last) {
    last = location.href;
    for (const name of ["pushState", "replaceState"] as const) {
      const original = history[name];
      history[name] = function (this: History, ...args: Parameters<History["pushState"]>) {
        original.apply(this, args);
        look();
      };
    }
    addEventListener("popstate", look);
    addEventListener("hashchange", look);
  }
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Runs at once, or when a prerendered page is really shown. */
export function whenShown(action: () => void): void {
  const page = document as Document & { prerendering?: boolean };
  if (page.prerendering) page.addEventListener("prerenderingchange", action, { once: true });
  else action();
}
