/**
 * The wall every rrweb event passes before it is queued: masks it in place of what the recorder wrote. Decisions are kept by
 * node id until the next full snapshot, a node once masked stays masked for the page, and event kinds it doesn't know are
 * refused.
 */
import type { MaskMode } from "../bridge";
import {
  fixed,
  isField,
  maskAttribute,
  maskCss,
  maskUrl,
  type MaskRules,
  type Place,
  scrub,
  stars,
} from "./mask";

export interface RrwebEvent {
  type: number;
  data: unknown;
  timestamp: number;
}

type Obj = Record<string, unknown>;

interface Serialized {
  type: number;
  id: number;
  tagName?: string;
  attributes?: Obj;
  childNodes?: Serialized[];
  isSVG?: boolean;
  isStyle?: boolean;
  textContent?: string;
  name?: string;
  publicId?: string;
  systemId?: string;
  rootId?: number;
  isShadowHost?: boolean;
  isShadow?: boolean;
  isCustom?: boolean;
  compatMode?: string;
}

export interface WallOptions {
  mode: MaskMode;
  allowedParams: readonly string[];
  canvas: boolean;
  fonts: boolean;
  /** The live node of an id, if there is one. */
  node(id: number): Node | null;
  /** The id of a live node, -1 if it has none. */
  id(node: Node): number;
  masked(node: Node | null): boolean;
  /** Nothing is ever clear: saves looking. */
  all: boolean;
}

/** What is known of a node: an element by its tag, a text by its parent's. */
interface Known extends Place {
  text?: boolean;
  style?: boolean;
  blocked?: boolean;
}

export interface Counts {
  masked: number;
  blocked: number;
}

export class Wall {
  private known = new Map<number, Known>();
  private sticky = new WeakSet<Node>();
  private inputs = new Map<number, string>();
  private aliases = new Map<string, string>();
  private readonly rules: MaskRules;
  readonly counts: Counts = { masked: 0, blocked: 0 };

  constructor(private readonly options: WallOptions) {
    this.rules = {
      mode: options.mode,
      allowedParams: options.allowedParams,
      alias: (name) => {
        let alias = this.aliases.get(name);
        if (!alias) this.aliases.set(name, (alias = `n${this.aliases.size + 1}`));
        return alias;
      },
    };
  }

  /** The event as it may leave; null when nothing of it may. Throws when masking fails: then it must be dropped. */
  pass(event: RrwebEvent): RrwebEvent | null {
    const data = event.data as Obj;
    switch (event.type) {
      case 0: // DomContentLoaded
      case 1: // Load
        return { type: event.type, data: {}, timestamp: event.timestamp };
      case 2: {
        this.known = new Map();
        this.inputs = new Map();
        const node = this.serialized(data.node as Serialized, null);
        return { ...event, data: { node, initialOffset: data.initialOffset } };
      }
      case 3:
        return this.incremental(event, data);
      case 4:
        return {
          ...event,
          data: { href: this.url(String(data.href)), width: data.width, height: data.height },
        };
      default:
        return null;
    }
  }

  url(value: string): string {
    return maskUrl(value, this.options.allowedParams);
  }

  /** Text that isn't in the page: messages of errors and the console. */
  message(value: string): string {
    return this.options.mode === "text" ? stars(value) : scrub(value);
  }

  private css(value: unknown): unknown {
    return typeof value === "string" ? maskCss(value, this.options.allowedParams) : value;
  }

  private incremental(event: RrwebEvent, data: Obj): RrwebEvent | null {
    switch (data.source) {
      case 0:
        return { ...event, data: this.mutation(data) };
      case 1: // positions and ids only
      case 2:
      case 3:
      case 4:
      case 6:
      case 7:
      case 12:
      case 14:
        return event;
      case 5:
        return this.input(event, data);
      case 8:
        return {
          ...event,
          data: {
            ...data,
            adds: (data.adds as Obj[] | undefined)?.map((add) => ({ ...add, rule: this.css(add.rule) })),
            replace: this.css(data.replace),
            replaceSync: this.css(data.replaceSync),
          },
        };
      case 9:
        return this.options.canvas ? event : null;
      case 10:
        return this.options.fonts
          ? { ...event, data: { ...data, fontSource: this.css(data.fontSource) } }
          : null;
      case 13: {
        const set = data.set as Obj | undefined;
        return { ...event, data: { ...data, set: set && { ...set, value: this.css(set.value) } } };
      }
      case 15:
        return {
          ...event,
          data: {
            ...data,
            styles: (data.styles as Obj[] | undefined)?.map((style) => ({
              ...style,
              rules: (style.rules as Obj[]).map((rule) => ({ ...rule, rule: this.css(rule.rule) })),
            })),
          },
        };
      case 16:
        return event;
      default:
        return null;
    }
  }

  private input(event: RrwebEvent, data: Obj): RrwebEvent | null {
    const id = data.id as number;
    const text = fixed(data.text);
    const state = `${text ? 1 : 0}${String(data.isChecked)}`;
    // Only becoming empty or filled shows: not how often a key was pressed.
    if (this.inputs.get(id) === state) return null;
    this.inputs.set(id, state);
    return {
      ...event,
      data: { source: 5, id, text, isChecked: data.isChecked === true, userTriggered: data.userTriggered },
    };
  }

  private mutation(data: Obj): Obj {
    this.prune();
    const adds = ((data.adds as Obj[]) ?? []).map((add) => {
      const parent = this.known.get(add.parentId as number) ?? null;
      return { ...add, node: this.serialized(add.node as Serialized, parent) };
    });
    const texts: Obj[] = ((data.texts as Obj[]) ?? []).map((text) => ({
      id: text.id,
      value: typeof text.value === "string" ? this.textOf(text.id as number, text.value) : text.value,
    }));
    const attributes: Obj[] = [];
    for (const change of (data.attributes as Obj[]) ?? []) {
      const id = change.id as number;
      const kept = this.attributes(id, change.attributes as Obj);
      if (Object.keys(kept).length) attributes.push({ id, attributes: kept });
    }
    if (!this.options.all)
      for (const change of (data.attributes as Obj[]) ?? [])
        this.remask(change.id as number, texts, attributes);
    return {
      source: 0,
      texts,
      attributes,
      removes: data.removes,
      adds,
      ...(data.isAttachIframe ? { isAttachIframe: true } : {}),
    };
  }

  /** Forgets nodes that are gone, now and then. */
  private prune(): void {
    if (this.known.size < this.pruneAt) return;
    for (const id of this.known.keys())
      if (!this.options.node(id)) {
        this.known.delete(id);
        this.inputs.delete(id);
      }
    this.pruneAt = this.known.size * 2 + 10_000;
  }
  private pruneAt = 20_000;

  /** Decides for a node and remembers: masked stays masked. */
  private decide(id: number): boolean {
    if (this.options.all) return true;
    const node = this.options.node(id);
    if (!node) return true;
    if (this.sticky.has(node)) return true;
    const masked = this.options.masked(node);
    if (masked) this.sticky.add(node);
    return masked;
  }

  private text(value: string, at: Known): string {
    if (at.style) return maskCss(value, this.options.allowedParams);
    if (at.tag === "script" || at.tag === "noscript" || at.tag === "template") return "";
    if (at.tag === "textarea") return fixed(value);
    return at.masked ? stars(value) : scrub(value);
  }

  private textOf(id: number, value: string): string {
    const known = this.known.get(id);
    if (!known?.text) return stars(value);
    const masked = known.masked || this.decide(id);
    known.masked = masked;
    return this.text(value, known);
  }

  private serialized(node: Serialized, parent: Known | null): Serialized {
    const { id, type } = node;
    const base: Serialized = { type, id };
    if (node.rootId !== undefined) base.rootId = node.rootId;
    if (node.isShadow) base.isShadow = true;
    switch (type) {
      case 0: {
        this.known.set(id, { tag: "#document", masked: true });
        base.childNodes = (node.childNodes ?? []).map((child) => this.serialized(child, null));
        if (node.compatMode) base.compatMode = node.compatMode;
        return base;
      }
      case 1:
        return { ...base, name: node.name, publicId: node.publicId, systemId: node.systemId };
      case 2:
        return this.element(node, base);
      case 3: {
        const tag = parent?.tag ?? "";
        // `isStyle` is believed only of a text whose parent is a style element.
        const style = tag === "style";
        const known: Known = { tag, masked: this.decide(id), text: true, style };
        this.known.set(id, known);
        base.textContent = this.text(String(node.textContent ?? ""), known);
        if (style) base.isStyle = true;
        if (known.masked) this.counts.masked++;
        return base;
      }
      default: // CDATA, comments and what else there may be
        return { ...base, textContent: "" };
    }
  }

  private element(node: Serialized, base: Serialized): Serialized {
    const tag = String(node.tagName).toLowerCase();
    const given = node.attributes ?? {};
    base.tagName = node.tagName;
    if (node.isSVG) base.isSVG = true;
    if (node.isShadowHost) base.isShadowHost = true;
    if (node.isCustom) base.isCustom = true;
    if (
      given.rr_width !== undefined &&
      !(node.childNodes ?? []).length &&
      !("rr_dataURL" in given) &&
      isBox(given)
    ) {
      this.known.set(node.id, { tag, masked: true, blocked: true });
      this.counts.blocked++;
      base.attributes = { class: "rr-block", rr_width: given.rr_width, rr_height: given.rr_height };
      base.childNodes = [];
      return base;
    }
    const kind =
      tag === "input"
        ? given.type
        : tag === "meta"
          ? (given.name ?? given.property ?? given["http-equiv"])
          : "";
    const known: Known = {
      tag,
      svg: !!node.isSVG,
      kind: typeof kind === "string" ? kind.toLowerCase() : "",
      masked: this.decide(node.id),
    };
    this.known.set(node.id, known);
    base.attributes = this.attributes(node.id, given);
    if (isField(tag)) this.inputs.set(node.id, `${given.value ? 1 : 0}${String(!!given.checked)}`);
    const hollow = tag === "noscript" || tag === "template" || tag === "script";
    base.childNodes = hollow ? [] : (node.childNodes ?? []).map((child) => this.serialized(child, known));
    return base;
  }

  private attributes(id: number, given: Obj): Obj {
    const at = this.known.get(id);
    const place: Place = at ?? { tag: "", masked: true };
    const kept: Obj = {};
    if (at?.blocked) {
      // Only the size of a blocked element may change.
      const style = given.style as Obj | undefined;
      if (style && typeof style === "object" && "width" in style && "height" in style)
        kept.style = { width: style.width, height: style.height };
      return kept;
    }
    if (at && at.tag === "input" && typeof given.type === "string") at.kind = given.type.toLowerCase();
    for (const name in given) {
      const value = given[name];
      if (typeof value === "string") {
        const masked = maskAttribute(name, value, place, this.rules);
        if (masked !== undefined) kept[name] = masked;
      } else if (name === "style" && value && typeof value === "object") {
        const style: Obj = {};
        for (const [key, v] of Object.entries(value))
          style[key] = Array.isArray(v) ? v.map((part) => this.css(part)) : this.css(v);
        kept.style = style;
      } else if (value === null || typeof value === "boolean" || typeof value === "number") {
        if (name === "selected" && place.tag === "option") continue;
        if (/^_?on|^srcdoc$/i.test(name)) continue;
        if (name === "value" && isField(place.tag))
          kept[name] = value === null ? null : fixed(value === true ? "on" : String(value));
        else kept[name] = value;
      } else if (/^rr_/.test(name) && value && typeof value === "object") continue;
    }
    return kept;
  }

  /** A place that became masked is sent again, masked, with all below it. */
  private remask(id: number, texts: Obj[], attributes: Obj[]): void {
    const node = this.options.node(id);
    const known = this.known.get(id);
    if (!node || !known || known.masked || !this.options.masked(node)) return;
    const visit = (at: Node): void => {
      const atId = this.options.id(at);
      const place = this.known.get(atId);
      this.sticky.add(at);
      if (place) {
        place.masked = true;
        if (place.text) texts.push({ id: atId, value: this.text(at.textContent ?? "", place) });
        else if (at instanceof Element) {
          const again: Obj = {};
          for (const { name, value } of Array.from(at.attributes)) {
            if (isField(place.tag) && name === "value") continue;
            const masked = maskAttribute(name, value, place, this.rules);
            if (masked !== undefined && masked !== value && masked === stars(value)) again[name] = masked;
          }
          if (Object.keys(again).length) attributes.push({ id: atId, attributes: again });
        }
      }
      at.childNodes.forEach(visit);
      if (at instanceof Element && at.shadowRoot) at.shadowRoot.childNodes.forEach(visit);
    };
    visit(node);
  }
}

/** rrweb writes a blocked element as class and size and nothing else. */
const isBox = (attributes: Obj): boolean =>
  Object.keys(attributes).every((name) => name === "class" || name === "rr_width" || name === "rr_height");
