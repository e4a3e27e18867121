/**
 * The wall every event passes before it is queued: what leaves is built anew, field by field, from what is known of each kind;
 * kinds it doesn't know are refused. Decisions are kept by node id until the next full snapshot, so that a change costs no
 * look up the tree; a node once masked stays masked for the page.
 */
import type { MaskMode } from "../bridge";
import { isButton, isField, maskAttribute, type MaskRules, type Place, SECRET } from "./attributes";
import { maskStyleChange } from "./css";
import { EMPTY_BOX, FIXED, fixed, maskUrl, scrub, stars } from "./mask";
import { maskMark, maskPlugin } from "./marks";
import { doctype, type Obj, pick, rebuilt, type RrwebEvent, type Serialized } from "./events";
import { Sheets } from "./sheets";
import type { Where, Zone } from "./where";

export interface WallOptions {
  mode: MaskMode;
  allowedParams: readonly string[];
  canvas: boolean;
  fonts: boolean;
  where: Where;
  /** The live node of an id, if there is one. */
  node(id: number): Node | null;
  /** The id of a live node, -1 if it has none. */
  id(node: Node): number;
  /** Something became blocked that was shown: only a full snapshot makes it a box. */
  resnapshot(): void;
}

/**
 * What is known of an element, and through it of the texts right inside it. Elements that the same is known of share one, so
 * it is never changed: something else becomes known of an element by another one in its place.
 */
interface Known extends Readonly<Place> {
  readonly zone: Zone;
  readonly blocked?: boolean;
}

export interface Counts {
  masked: number;
  blocked: number;
}

const isHollow = (tag: string): boolean => tag === "script" || tag === "noscript" || tag === "template";
const isElement = (node: Node | null): node is Element => node?.nodeType === 1;

export class Wall {
  private elements = new Map<number, Known>();
  private readonly sticky = new WeakSet<Node>();
  private anySticky = false;
  private readonly fields = new WeakSet<Node>();
  /** What was last said of a field or an editable text: only a change of it is said again. */
  private states = new Map<number, string>();
  /** Attributes that were masked, by name: CSS that comes later may select on them. */
  private hidden = new Map<string, number[]>();
  private aliases = new Map<string, string>();
  private late: Obj[] = [];
  private readonly sheets: Sheets;
  private readonly rules: MaskRules;
  private readonly tags = new Map<string, { shown: string; tag: string }>();
  private readonly plain = new Map<string, Known>();
  private pruneAt = 20_000;
  private counted: Counts = { masked: 0, blocked: 0 };

  constructor(private readonly options: WallOptions) {
    this.sheets = new Sheets(options, (name) => this.show(name));
    this.rules = {
      mode: options.mode,
      allowedParams: options.allowedParams,
      canvas: options.canvas,
      literals: this.sheets.literals,
      alias: (name) => {
        let alias = this.aliases.get(name);
        if (!alias) this.aliases.set(name, (alias = `n${this.aliases.size + 1}`));
        return alias;
      },
    };
  }

  /** How many texts and elements were masked, and elements blocked, since it was last asked. */
  count(): Counts {
    const now = this.counted;
    this.counted = { masked: 0, blocked: 0 };
    return now;
  }

  /** The event as it may leave; null when nothing of it may. Throws when masking fails: then it must be dropped. */
  pass(event: RrwebEvent): RrwebEvent | null {
    const data = this.data(event.type, event.data as Obj);
    return data && { type: event.type, data, timestamp: event.timestamp };
  }

  /** Attributes that CSS turned out to select on after they had been sent. */
  more(timestamp: number): RrwebEvent | null {
    if (!this.late.length) return null;
    const data = { source: 0, texts: [], attributes: this.late, removes: [], adds: [] };
    this.late = [];
    return { type: 3, data, timestamp };
  }

  url(value: string): string {
    return maskUrl(value, this.options.allowedParams);
  }

  private data(type: number, data: Obj): Obj | null {
    switch (type) {
      case 0: // DomContentLoaded
      case 1: // Load
        return {};
      case 2: {
        this.elements = new Map();
        this.states = new Map();
        this.hidden = new Map();
        const root = data.node as Serialized;
        this.sheets.learnFrom(root);
        return {
          node: this.serialized(root, null),
          initialOffset: pick(data.initialOffset, ["top", "left"]),
        };
      }
      case 3:
        return this.incremental(data);
      case 4:
        return { href: this.url(String(data.href)), ...pick(data, ["width", "height"]) };
      case 5:
        return maskMark(data, this.options);
      case 6:
        return maskPlugin(data, this.options);
      default:
        return null;
    }
  }

  private incremental(data: Obj): Obj | null {
    const { source } = data;
    switch (source) {
      case 0:
        return this.mutation(data);
      case 5:
        return this.input(data);
      case 8:
      case 10:
      case 13:
      case 15:
        return this.sheets.event(data);
      default:
        return rebuilt(data, this.options.canvas);
    }
  }

  // ---- fields ----

  private input(data: Obj): Obj | null {
    const id = data.id as number;
    const at = this.elements.get(id);
    const live = this.options.node(id) as HTMLInputElement | null;
    // Which box was ticked is an answer; a field that isn't known says nothing.
    const kind = at?.kind ?? live?.type;
    if (at?.blocked || kind === "checkbox" || kind === "radio" || data.isChecked === true) return null;
    const text = fixed(data.text);
    if (!this.changed(id, text)) return null;
    if (at?.kind === "number") {
      // Such a box shows no stars, but it does show its placeholder.
      const own = maskAttribute("placeholder", live?.getAttribute("placeholder") ?? "", at, this.rules);
      this.late.push({ id, attributes: { placeholder: text ? EMPTY_BOX : own } });
    }
    return { source: 5, id, text, isChecked: false, userTriggered: data.userTriggered === true };
  }

  /** Only becoming empty or filled shows: not how often a key was pressed. */
  private changed(id: number, state: string): boolean {
    if (this.states.get(id) === state) return false;
    this.states.set(id, state);
    return true;
  }

  // ---- changes ----

  /** rrweb says nothing of an element that has become blocked, but goes on telling what happens inside it. */
  notice(records: readonly MutationRecord[]): void {
    const { where } = this.options;
    for (const { type, target, attributeName } of records) {
      if (type !== "attributes" || !isElement(target)) continue;
      if (attributeName !== "class" && where.blockNames) continue;
      if (where.blocks(target)) this.block(target);
    }
  }

  private mutation(data: Obj): Obj {
    this.prune();
    const changes = (data.attributes as Obj[]) ?? [];
    const texts: Obj[] = [];
    const attributes: Obj[] = [];
    // First what holds where, then what is said.
    for (const change of changes)
      this.revise(change.id as number, change.attributes as Obj, texts, attributes);
    if (this.options.where.around) this.sweep(changes, data, texts, attributes);
    for (const { node } of (data.adds as { node: Serialized }[]) ?? [])
      if (node.tagName === "link" || node.childNodes?.length) this.sheets.learnFrom(node);
    const adds: Obj[] = [];
    for (const add of (data.adds as Obj[]) ?? []) {
      const parent = this.elements.get(add.parentId as number) ?? null;
      if (parent?.blocked) continue;
      adds.push({
        parentId: id(add.parentId),
        nextId: id(add.nextId),
        node: this.serialized(add.node as Serialized, parent),
      });
    }
    for (const { id, value } of (data.texts as { id: number; value: unknown }[]) ?? []) {
      const at = this.placeOf(this.options.node(id));
      if (at.blocked) continue;
      const text = this.text(String(value ?? ""), at, id);
      if (!at.zone.editable || this.changed(id, text)) texts.push({ id, value: text });
    }
    for (const change of changes) {
      const id = change.id as number;
      const kept = this.attributes(id, change.attributes as Obj);
      if (Object.keys(kept).length) attributes.push({ id, attributes: kept });
    }
    return {
      source: 0,
      texts,
      attributes,
      removes: ((data.removes as Obj[]) ?? []).map((gone) => ({
        ...pick(gone, ["parentId", "id"]),
        ...(gone.isShadow === true && { isShadow: true }),
      })),
      adds,
      ...(data.isAttachIframe === true && { isAttachIframe: true }),
    };
  }

  /** Forgets nodes that are gone, now and then. */
  private prune(): void {
    if (this.elements.size < this.pruneAt) return;
    for (const map of [this.elements, this.states])
      for (const id of map.keys()) if (!this.options.node(id)) map.delete(id);
    for (const [name, ids] of this.hidden)
      this.hidden.set(
        name,
        ids.filter((id) => this.elements.has(id)),
      );
    this.pruneAt = this.elements.size * 2 + 10_000;
  }

  // ---- what holds where ----

  /** What is known of the element a text stands in, found from the page. */
  private placeOf(node: Node | null): Known {
    const above = node?.parentNode ?? null;
    const parent = above?.nodeType === 11 ? (above as ShadowRoot).host : above;
    const known = parent && this.elements.get(this.options.id(parent));
    if (known && !(node && this.sticky.has(node))) return known;
    const tag = isElement(parent) ? parent.tagName.toLowerCase() : "";
    const zone = this.options.where.of(parent);
    return { tag, zone, masked: zone.masked || !!(node && this.sticky.has(node)) };
  }

  /** An element that was never serialised: masked, and what it says of itself is not believed. */
  private stranger(id: number): Known {
    const node = this.options.node(id);
    const tag = isElement(node) ? node.tagName.toLowerCase() : "";
    return { tag, zone: this.options.where.of(null), masked: true, field: true };
  }

  /** Before a change is told: an element may have become masked, blocked or editable by it, with all inside it. */
  private revise(id: number, given: Obj, texts: Obj[], attributes: Obj[]): void {
    const { where } = this.options;
    const node = this.options.node(id);
    const known = this.elements.get(id);
    if (!isElement(node) || !known || known.blocked) return;
    if (where.all && !("contenteditable" in given || "role" in given)) return;
    const parent = this.options.node(id)?.parentNode;
    const around = (parent && this.elements.get(this.options.id(parent))?.zone) ?? where.of(parent ?? null);
    this.remask(node, where.own(node, around), texts, attributes);
  }

  /** Selectors that look around can match elements that did not change themselves. */
  private sweep(changes: Obj[], data: Obj, texts: Obj[], attributes: Obj[]): void {
    const { where } = this.options;
    const roots = new Set<Node>([document]);
    for (const id of [...changes.map((c) => c.id), ...((data.adds as Obj[]) ?? []).map((a) => a.parentId)]) {
      const root = this.options.node(id as number)?.getRootNode();
      if (root) roots.add(root);
    }
    const look = (el: Element): void => {
      const known = this.elements.get(this.options.id(el));
      if (!known || known.blocked) return;
      if (where.blocks(el)) this.block(el);
      else if (!where.all && !known.masked) this.remask(el, where.of(el), texts, attributes);
    };
    for (const root of roots) (root as ParentNode).querySelectorAll?.(where.around).forEach(look);
    // What stands clear by a selector has to go on matching it.
    if (this.options.mode === "text" && !where.all)
      for (const [id, known] of this.elements)
        if (!known.masked) {
          const node = this.options.node(id);
          if (isElement(node)) look(node);
        }
  }

  private block(el: Element): void {
    const shown = this.elements.get(this.options.id(el));
    if (!shown || shown.blocked) return;
    const visit = (node: Node): void => {
      const id = this.options.id(node);
      const known = this.elements.get(id);
      if (known) this.elements.set(id, { ...known, blocked: true });
      node.childNodes.forEach(visit);
      if (isElement(node)) node.shadowRoot?.childNodes.forEach(visit);
    };
    visit(el);
    this.options.resnapshot();
  }

  /** A place that became masked is sent again, masked, with all below it that the same holds for. */
  private remask(el: Element, zone: Zone, texts: Obj[], attributes: Obj[]): void {
    const { where } = this.options;
    const visit = (node: Node, around: Zone, parent: Known | undefined): void => {
      if (node.nodeType === 3) {
        const id = this.options.id(node);
        if (!around.masked || !parent || id < 0) return;
        this.stick(node);
        texts.push({ id, value: this.text(node.textContent ?? "", parent, id) });
        return;
      }
      let known = parent;
      if (isElement(node)) {
        const id = this.options.id(node);
        known = this.elements.get(id);
        if (!known) return;
        const same = known.masked === around.masked && known.zone.editable === around.editable;
        known = { ...known, zone: around, masked: known.masked || around.masked };
        this.elements.set(id, known);
        if (around.masked && !same) {
          this.stick(node);
          const given: Obj = {};
          for (const { name, value } of Array.from(node.attributes))
            if (!isField(known.tag) || name !== "value") given[name] = value;
          const kept = this.attributes(id, given);
          for (const name in given)
            if (kept[name] === given[name]) delete kept[name];
            else if (!(name in kept)) kept[name] = null;
          if (Object.keys(kept).length) attributes.push({ id, attributes: kept });
        }
      }
      const inside = (child: Node): void =>
        visit(child, isElement(child) ? where.own(child, around) : around, known);
      node.childNodes.forEach(inside);
      if (!isElement(node)) return;
      node.shadowRoot?.childNodes.forEach(inside);
      const framed = node.tagName === "IFRAME" ? frame(node as HTMLIFrameElement) : null;
      if (framed) visit(framed, around, undefined);
    };
    const known = this.elements.get(this.options.id(el));
    // Only ever stricter: what was masked stays so.
    if (known && ((zone.masked && !known.masked) || (zone.editable && !known.zone.editable)))
      visit(el, zone, known);
  }

  // ---- nodes ----

  private serialized(node: Serialized, parent: Known | null): Serialized {
    const { type } = node;
    const kept =
      type === 2
        ? this.element(node, parent)
        : type === 3
          ? this.textNode(node, parent)
          : type === 0
            ? this.documentNode(node, parent)
            : type === 1
              ? { type, id: node.id, ...doctype(node) }
              : // CDATA, comments and what else there may be
                { type, id: node.id, textContent: "" };
    if (typeof node.rootId === "number") kept.rootId = node.rootId;
    if (node.isShadow) kept.isShadow = true;
    return kept;
  }

  private documentNode({ id, type, childNodes, compatMode }: Serialized, parent: Known | null): Serialized {
    const live = this.options.node(id) as Document | null;
    const zone = this.options.where.document(live, parent?.zone ?? this.options.where.of(live));
    const known: Known = { tag: "#document", zone, masked: zone.masked };
    this.elements.set(id, known);
    const kept: Serialized = {
      type,
      id,
      childNodes: (childNodes ?? []).map((child) => this.serialized(child, known)),
    };
    if (compatMode === "BackCompat") kept.compatMode = compatMode;
    return kept;
  }

  private textNode({ id, type, textContent }: Serialized, parent: Known | null): Serialized {
    const at = this.standing(id, parent);
    const given = String(textContent ?? "");
    const kept: Serialized = { type, id, textContent: this.text(given, at, id) };
    if (at.zone.editable) this.states.set(id, kept.textContent!);
    if (at.tag === "style") kept.isStyle = true;
    else if (at.masked && kept.textContent !== given) this.counted.masked++;
    return kept;
  }

  /** What holds for a text: what holds for its element, unless it was masked elsewhere before. */
  private standing(id: number, parent: Known | null): Known {
    // The most common cases need no look at the page.
    if (parent && (this.options.where.all || (!parent.masked && !this.anySticky))) return parent;
    const live = this.options.node(id);
    const at = parent ?? this.placeOf(live);
    if (!live) return at;
    if (at.masked) this.stick(live);
    else if (this.sticky.has(live)) return { ...at, masked: true };
    return at;
  }

  private stick(node: Node): void {
    this.anySticky = true;
    this.sticky.add(node);
  }

  private text(value: string, at: Known, id: number): string {
    const { tag } = at;
    const parent = <T>(): T | null | undefined => this.options.node(id)?.parentNode as T | null | undefined;
    if (tag === "style") {
      // Of a type that is none, or out of the page, it is no style sheet but a place to keep a text.
      return parent<HTMLStyleElement>()?.sheet ? this.sheets.css(value) : "";
    }
    if (isHollow(tag)) return "";
    if (tag === "textarea") return parent<HTMLTextAreaElement>()?.value === "" ? "" : fixed(value);
    if (at.zone.editable) return /\S/.test(value) ? FIXED : value;
    return at.masked ? stars(value) : scrub(value);
  }

  private element(node: Serialized, parent: Known | null): Serialized {
    const { where } = this.options;
    const { id } = node;
    const given = node.attributes ?? {};
    const { shown, tag } = this.tag(node);
    const field = isField(tag);
    const looked = !where.all || !parent || field || "contenteditable" in given || "role" in given;
    const live = looked ? this.options.node(id) : null;
    let zone = parent?.zone ?? where.of(live?.parentNode ?? null);
    if (looked) zone = isElement(live) ? where.own(live, zone) : where.of(null);
    let masked = zone.masked;
    if (!where.all && live) {
      masked ||= this.sticky.has(live);
      if (masked) this.stick(live);
    }
    let known = this.common(tag, zone, masked, !!node.isSVG);
    if (isBox(given)) {
      this.elements.set(id, { ...known, blocked: true });
      this.counted.blocked++;
      const attributes = { class: "rr-block", rr_width: given.rr_width, rr_height: given.rr_height };
      return {
        type: 2,
        id,
        tagName: shown,
        attributes,
        childNodes: [],
        ...(node.isSVG && { isSVG: true }),
      };
    }
    if (field || tag === "meta") {
      const kind = tag === "meta" ? (given.name ?? given.property ?? given["http-equiv"]) : given.type;
      known = { ...known, kind: typeof kind === "string" && tag !== "select" ? kind.toLowerCase() : "" };
      if (field) known = this.field(known, given, live as HTMLInputElement | null);
    }
    this.elements.set(id, known);
    const attributes = this.attributes(id, given, known);
    if (field && !isButton(known)) {
      const { kind: type } = known;
      // rrweb copies the attribute of a field that has been emptied since.
      const filled =
        live && type !== "checkbox" && type !== "radio" ? (live as HTMLInputElement).value : given.value;
      if (filled) {
        attributes.value = FIXED;
        if (type === "number") attributes.placeholder = EMPTY_BOX;
      } else delete attributes.value;
      this.states.set(id, fixed(filled));
    }
    const inside = isHollow(tag) ? undefined : node.childNodes;
    const childNodes = inside?.length ? inside.map((child) => this.serialized(child, known)) : [];
    const kept: Serialized = { type: 2, id, tagName: shown, attributes, childNodes };
    if (node.isSVG) kept.isSVG = true;
    if (node.isShadowHost) kept.isShadowHost = true;
    if (node.isCustom) kept.isCustom = true;
    return kept;
  }

  /** What is known of most elements: made once, for there are very many. */
  private common(tag: string, zone: Zone, masked: boolean, svg: boolean): Known {
    const key = tag + (masked ? 1 : 0) + (svg ? 1 : 0);
    let known = this.plain.get(key);
    if (known?.zone !== zone) this.plain.set(key, (known = { tag, zone, masked, svg, kind: "" }));
    return known;
  }

  /** A tag that no one has made is a word of a sentence, more likely than not. */
  private tag({ id, tagName, isSVG }: Serialized): { shown: string; tag: string } {
    const given = String(tagName);
    let known = this.tags.get(given);
    if (known) return known;
    const live = this.options.node(id);
    const unknown = /HTMLUnknownElement|\bSVGElement/.test(Object.prototype.toString.call(live));
    const odd =
      unknown && !given.includes("-") ? true : !/^[a-z][\w:.-]{0,60}$/i.test(given) || scrub(given) !== given;
    known = { shown: odd ? (isSVG ? "g" : "x-unknown") : given, tag: given.toLowerCase() };
    if (live) this.tags.set(given, known);
    return known;
  }

  /** Once a field, always a field: also when it turns into a button, as one that shows a password may. */
  private field(known: Known, given: Obj, live: HTMLInputElement | null): Known {
    const said = [given.name, given.id, given.autocomplete].filter((v) => typeof v === "string").join(" ");
    const field =
      !isButton(known) ||
      !!(live && this.fields.has(live)) ||
      (typeof given.autocomplete === "string" && !/^(|off)$/i.test(given.autocomplete)) ||
      SECRET.test(said);
    if (field && live) this.fields.add(live);
    return { ...known, field };
  }

  /** What may be said of attributes: of a new element (`fresh`), or of changes of one. */
  private attributes(id: number, given: Obj, fresh?: Known): Obj {
    let at = fresh ?? this.elements.get(id) ?? this.stranger(id);
    const kept: Obj = {};
    if (at.blocked) {
      // Only the size of a blocked element may change.
      const style = given.style as Obj | undefined;
      for (const name of ["width", "height"])
        if (style && /^[\d.]+px$/.test(String(style[name])))
          kept.style = { ...(kept.style as Obj), [name]: style[name] };
      return kept;
    }
    if (at.tag === "input" && !fresh && typeof given.type === "string") {
      // What could be typed into stays so, whatever it becomes.
      at = { ...at, field: true, kind: given.type.toLowerCase() };
      this.elements.set(id, at);
    }
    let stars = 0;
    for (const name in given) {
      const value = given[name];
      if (typeof value === "string") {
        const masked = maskAttribute(name, value, at, this.rules);
        if (name === "_cssText" && masked) this.sheets.css(value);
        if (masked !== undefined) kept[name] = masked;
        if (masked !== value) {
          stars++;
          if (at.masked) this.hide(name.toLowerCase(), id);
        }
      } else if (name === "style" && value && typeof value === "object") {
        const style = maskStyleChange(value as Obj, this.options.allowedParams, at.masked);
        if (Object.keys(style).length) kept.style = style;
      } else if (value === null || value === false) {
        // It is gone; a name that never left needs no farewell.
        if (maskAttribute(name, "", at, this.rules) !== undefined)
          kept[name] = name === "value" && isField(at.tag) ? "" : value;
      } else if (typeof value === "number" && /^rr_(scroll(Left|Top)|mediaCurrentTime)$/.test(name))
        kept[name] = value;
    }
    if (fresh && stars && at.masked) this.counted.masked++;
    return kept;
  }

  // ---- what the page's CSS selects on ----

  private hide(name: string, id: number): void {
    const ids = this.hidden.get(name);
    if (ids) ids.push(id);
    else this.hidden.set(name, [id]);
  }

  /** CSS that came later selects on an attribute: what was hidden of it is said again. */
  private show(name: string): void {
    for (const id of new Set(this.hidden.get(name))) {
      const node = this.options.node(id);
      const at = this.elements.get(id);
      const value = isElement(node) && at && !at.blocked ? node.getAttribute(name) : null;
      if (value === null) continue;
      const masked = maskAttribute(name, value, at!, this.rules);
      if (masked !== undefined) this.late.push({ id, attributes: { [name]: masked } });
    }
  }
}

const id = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** rrweb writes a blocked element as class and size and nothing else. */
const isBox = (given: Obj): boolean =>
  "rr_width" in given &&
  /^[\d.]+px$/.test(String(given.rr_width)) &&
  /^[\d.]+px$/.test(String(given.rr_height)) &&
  Object.keys(given).every((name) => name === "class" || name === "rr_width" || name === "rr_height");

function frame(el: HTMLIFrameElement): Document | null {
  try {
    return el.contentDocument;
  } catch {
    return null;
  }
}
