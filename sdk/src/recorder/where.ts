/** Which part of the page a node stands in: masked or clear, to be typed into, blocked. Unknown and detached is masked. */
import type { Rules } from "../bridge";
import type { Config } from "../config";
import { maskMode } from "../config";

const MASKS = ["rr-mask", "mp-mask", "ph-mask", "fs-mask", "amp-mask"];
const BLOCKS = ["rr-block", "mp-block", "ph-no-capture", "fs-exclude", "amp-block"];

/** What holds from an element on down, until something inside says otherwise. Shared by all nodes it holds for. */
export interface Zone {
  masked: boolean;
  /** Nothing inside makes it clear again. */
  locked: boolean;
  /** A person types here. */
  editable: boolean;
}

const CLEAR: Zone = { masked: false, locked: false, editable: false };
const MASKED: Zone = { masked: true, locked: false, editable: false };
const LOCKED: Zone = { masked: true, locked: true, editable: false };
const EDITABLE: Zone = { masked: true, locked: true, editable: true };

/** A class, and a class that ends in it after a dot (`text.rr-mask`), as some documentation prints it. */
const classSelector = (names: string[]): string =>
  names.map((n) => `.${n},[class$=".${n}"],[class*=".${n} "]`).join(",");

const join = (...parts: (string | readonly string[] | null | undefined)[]): string =>
  parts
    .flat()
    .filter((p): p is string => !!p)
    .join(",");

const ofClass = (value: string | RegExp | undefined | null): string =>
  typeof value === "string" && value ? `.${CSS.escape(value)}` : "";

/** Without the flags that make a RegExp remember where it was: it would say no every second time. */
const stateless = (value: unknown): RegExp | null =>
  value instanceof RegExp ? new RegExp(value.source, value.flags.replace(/[gy]/g, "")) : null;

const isSelector = (selector: string): boolean => {
  try {
    document.createDocumentFragment().querySelector(selector);
    return true;
  } catch {
    return false;
  }
};

/** Whether a change elsewhere in the page can make an element match. */
const looksAround = (selector: string): boolean =>
  selector
    .replace(/"[^"]*"|'[^']*'/g, "")
    .split(",")
    .some((one) => /[\s>+~:]/.test(one.trim()));

const onlyClasses = (selector: string): boolean =>
  selector.split(",").every((one) => /^\s*(\.[\w-]+|\[class[*$]="[^"]*"\])\s*$/.test(one));

const isElement = (node: Node): node is Element => node.nodeType === 1;

export class Where {
  /** Nothing can be clear: no look at the page is needed. */
  readonly all: boolean;
  /** Selectors that a change anywhere can make match. */
  readonly around: string;
  /** What rrweb blocks. */
  readonly blockSelector: string;
  readonly blockClass: RegExp | null;
  /** A rule cannot be applied here: nothing may be recorded. */
  readonly broken: boolean;
  /** Only class names block: no other attribute has to be looked at. */
  readonly blockNames: boolean;
  /** Only class names mask. */
  private readonly names: boolean;
  private readonly lock: string;
  private readonly mask: string;
  private readonly unmask: string;
  private readonly maskClass: RegExp | null;
  private readonly base: Zone;

  constructor(config: Config, rules?: Rules) {
    const text = maskMode(config) === "text";
    const locks = rules?.mask ?? [];
    // A rule this browser doesn't understand masks everything.
    const all = !locks.every(isSelector);
    this.broken = !(rules?.block ?? []).every(isSelector);
    this.lock = all ? "*" : join(locks);
    this.mask = join(
      classSelector(MASKS),
      config.record_mask_text_selector,
      ofClass(config.record_mask_text_class),
    );
    this.unmask = text ? join(config.record_unmask_text_selector) : "";
    this.maskClass = stateless(config.record_mask_text_class);
    this.all = all || (text && !this.unmask);
    this.base = text || all ? MASKED : CLEAR;
    this.blockSelector = join(
      classSelector(BLOCKS),
      config.record_block_selector,
      ofClass(config.record_block_class),
      this.broken ? [] : rules?.block,
    );
    this.blockClass = stateless(config.record_block_class);
    this.blockNames = onlyClasses(this.blockSelector);
    this.names = onlyClasses(join(this.mask, this.lock, this.unmask));
    const selectors = [this.blockSelector, ...(this.all ? [] : [this.mask, this.lock, this.unmask])];
    this.around = selectors.filter(looksAround).join(",");
  }

  /** What holds inside an element, given what holds around it. */
  own(el: Element, around: Zone): Zone {
    try {
      if (around.editable) return around;
      if (editable(el)) return EDITABLE;
      if (this.all || around.locked || (this.names && !el.hasAttribute("class"))) return around;
      if (this.lock && el.matches(this.lock)) return LOCKED;
      if (el.matches(this.mask) || byClass(el, this.maskClass)) return MASKED;
      return this.unmask && el.matches(this.unmask) ? CLEAR : around;
    } catch {
      return LOCKED;
    }
  }

  blocks(el: Element): boolean {
    try {
      return el.matches(this.blockSelector) || byClass(el, this.blockClass);
    } catch {
      return true;
    }
  }

  /** Looks all the way up, across shadow roots and out of frames. */
  of(node: Node | null): Zone {
    if (!node?.isConnected) return LOCKED;
    try {
      return this.up(node);
    } catch {
      return LOCKED;
    }
  }

  private up(node: Node): Zone {
    const parent = parentOf(node);
    const around = parent ? this.up(parent) : this.base;
    if (isElement(node)) return this.own(node, around);
    return node.nodeType === 9 ? this.document(node as Document, around) : around;
  }

  /** A document that can be written in as a whole, as old editors do it, is one large field. */
  document(doc: Document | null, around: Zone): Zone {
    return doc?.designMode === "on" ? EDITABLE : around;
  }
}

const parentOf = (node: Node): Node | null =>
  node.parentNode ??
  (node as ShadowRoot).host ??
  (node.nodeType === 9 ? ((node as Document).defaultView?.frameElement ?? null) : null);

function editable(el: Element): boolean {
  const said = el.getAttribute("contenteditable");
  if (said !== null && /^(|true|plaintext-only)$/i.test(said)) return true;
  // Editors that draw the text themselves; a field of HTML is masked by itself.
  return /^(textbox|searchbox)$/i.test(el.getAttribute("role") ?? "") && !("value" in el);
}

const byClass = (el: Element, test: RegExp | null): boolean =>
  !!test && Array.from(el.classList).some((name) => test.test(name));
