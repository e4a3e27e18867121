/** The console part: what the page logs, as rrweb's console plugin writes it. */
import { type Part, PART_GLOBAL } from "../bridge";

const LEVELS = ["log", "info", "warn", "error", "debug"] as const;
const MAX_RECORDS = 1000;

function show(value: unknown): string {
  try {
    if (typeof value === "string") return value;
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof Node !== "undefined" && value instanceof Node) return value.nodeName;
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

const part: Part = (context) => {
  let left = MAX_RECORDS;
  let inside = false;
  const undo = LEVELS.map((level) => {
    const original = console[level];
    const ours = function (this: unknown, ...args: unknown[]): void {
      original.apply(this as Console, args);
      if (inside || left <= 0 || String(args[0]).startsWith("[playhead]")) return;
      inside = true;
      try {
        left--;
        const payload = args.slice(0, 20).map((arg) => show(arg).slice(0, 1000));
        context.emit("rrweb/console@1", { level, trace: [], payload });
      } catch {}
      inside = false;
    };
    console[level] = ours;
    return () => {
      if (console[level] === ours) console[level] = original;
    };
  });
  return () => undo.forEach((u) => u());
};

const slot = window as unknown as Record<string, Record<string, Part>>;
(slot[PART_GLOBAL] ??= {}).console = part;
