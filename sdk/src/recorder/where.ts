/** Whether the text at a place in the page is masked. Looks at the page; unknown and detached places are masked. */
import type { Config } from "../config";
import { maskMode } from "../config";

const MASKS = ["rr-mask", "mp-mask", "ph-mask", "fs-mask", "amp-mask"];
const BLOCKS = ["rr-block", "mp-block", "ph-no-capture", "fs-exclude", "amp-block"];

/** A class, and a class that ends in it after a dot (`text.rr-mask`), as some documentation prints it. */
const classSelector = (names: string[]): string =>
  names.map((n) => `.${n},[class$=".${n}"],[class*=".${n} "]`).join(",");

const join = (...parts: (string | string[] | null | undefined)[]): string =>
  parts
    .flat()
    .filter((p): p is string => !!p)
    .join(",");

const ofClass = (value: string | RegExp | undefined | null): string =>
  typeof value === "string" && value ? `.${CSS.escape(value)}` : "";

export function blockSelector(config: Config): string {
  return join(classSelector(BLOCKS), config.record_block_selector, ofClass(config.record_block_class));
}

export class Where {
  private readonly mask: string;
  private readonly unmask: string;
  private readonly maskClass: RegExp | null;
  /** Nothing can be clear: no look at the page is needed. */
  readonly all: boolean;

  constructor(config: Config) {
    const text = maskMode(config) === "text";
    this.mask = join(
      classSelector(MASKS),
      config.record_mask_text_selector,
      ofClass(config.record_mask_text_class),
    );
    this.unmask = text ? join(config.record_unmask_text_selector) : "*";
    this.maskClass = config.record_mask_text_class instanceof RegExp ? config.record_mask_text_class : null;
    this.all = text && !this.unmask;
  }

  /** The nearest ancestor that says something decides, across shadow roots; the mask wins on one element. */
  masked(node: Node | null): boolean {
    if (this.all || !node || !node.isConnected) return true;
    try {
      let at: Node | null = node;
      let clear: boolean | null = null;
      while (at) {
        if (at instanceof Element || at.nodeType === 1) {
          const el = at as Element;
          if (el.matches(this.mask) || this.byClass(el)) return true;
          const editable = el.getAttribute("contenteditable");
          if (editable !== null && editable !== "false") return true;
          if (clear === null && this.unmask !== "*" && el.matches(this.unmask)) clear = true;
        }
        at = at.parentNode ?? (at as ShadowRoot).host ?? frameOf(at);
      }
      return this.unmask === "*" ? false : !clear;
    } catch {
      return true;
    }
  }

  private byClass(el: Element): boolean {
    const test = this.maskClass;
    return !!test && Array.from(el.classList).some((name) => ((test.lastIndex = 0), test.test(name)));
  }
}

/** A masked iframe masks its document. */
function frameOf(node: Node): Element | null {
  return node.nodeType === 9 ? ((node as Document).defaultView?.frameElement ?? null) : null;
}
