/** Events of our own: marks of the page and what console and network saw. Only fields that are known here leave. */
import type { MaskMode } from "../bridge";
import { type Obj, pick } from "./events";
import { maskUrl, scrubMessage, stars } from "./mask";

export interface MarkRules {
  mode: MaskMode;
  allowedParams: readonly string[];
}

/** Text that isn't in the page: messages of errors and the console, titles. */
export const maskMessage = (value: unknown, rules: MarkRules): string =>
  rules.mode === "text" ? stars(String(value)) : scrubMessage(String(value), rules.allowedParams);

export function maskMark(data: Obj, rules: MarkRules): Obj | null {
  const { tag } = data;
  const given = (data.payload ?? {}) as Obj;
  const url = (name: string): Obj =>
    typeof given[name] === "string" ? { [name]: maskUrl(given[name], rules.allowedParams) } : {};
  const payload = ((): Obj | null => {
    switch (tag) {
      case "ph:page":
        return {
          ...url("href"),
          ...(rules.mode === "input" && given.title ? { title: maskMessage(given.title, rules) } : {}),
          kind: /^(load|spa|bfcache)$/.test(String(given.kind)) ? given.kind : "load",
          ...pick(given, ["blocked"]),
        };
      case "ph:event":
        return { name: scrubMessage(String(given.name), rules.allowedParams).slice(0, 255) };
      case "ph:error":
        return { message: maskMessage(String(given.message).slice(0, 1000), rules), ...url("source") };
      case "ph:storm":
      case "ph:hidden":
      case "ph:visible":
        return pick(given, ["dropped"]);
      case "ph:dropped":
        return { reason: scrubMessage(String(given.reason), []).slice(0, 200), ...pick(given, ["count"]) };
      default:
        return null;
    }
  })();
  return payload && { tag, payload };
}

export function maskPlugin(data: Obj, rules: MarkRules): Obj | null {
  const given = (data.payload ?? {}) as Obj;
  switch (data.plugin) {
    case "rrweb/console@1": {
      const level = /^(log|info|warn|error|debug)$/.test(String(given.level)) ? given.level : "log";
      const payload = ((given.payload as unknown[]) ?? []).map((text) =>
        JSON.stringify(maskMessage(text, rules)),
      );
      return { plugin: data.plugin, payload: { level, trace: [], payload } };
    }
    case "rrweb/network@1": {
      const requests = ((given.requests as Obj[]) ?? []).map((request) => ({
        url: maskUrl(String(request.url), rules.allowedParams),
        ...word(request, "method", /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/),
        ...word(request, "initiatorType", /^[a-z-]{2,20}$/),
        ...pick(request, ["status", "startTime", "endTime", "timeOrigin"]),
      }));
      return { plugin: data.plugin, payload: { requests } };
    }
    default:
      return null;
  }
}

const word = (of: Obj, name: string, like: RegExp): Obj =>
  typeof of[name] === "string" && like.test(of[name]) ? { [name]: of[name] } : {};
