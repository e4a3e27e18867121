/** The project's own masking rules, as `/record/` and `/settings/` answer them. They come from outside: nothing is believed. */
import type { Rules } from "./bridge";

export const NO_RULES: Rules = { version: "", mask: [], block: [] };

const isSelectors = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length <= 500 &&
  value.every((one) => typeof one === "string" && one.length <= 2000);

export function readRules(said: unknown): Rules | null {
  const { version, mask, block } = (said ?? {}) as Partial<Rules>;
  if (
    typeof version !== "string" ||
    !/^[\w.-]{0,100}$/.test(version) ||
    !isSelectors(mask) ||
    !isSelectors(block)
  )
    return null;
  return { version, mask: mask.filter(Boolean), block: block.filter(Boolean) };
}
