/** Style sheets on their way past the wall: in elements, adopted, and changed rule by rule. */
import type { MaskMode } from "../bridge";
import { Literals, maskCss, maskDeclaration } from "./css";
import { type Obj, pick, positions, type Serialized } from "./events";
import { scrub } from "./mask";

export interface SheetOptions {
  mode: MaskMode;
  allowedParams: readonly string[];
  fonts: boolean;
}

export class Sheets {
  readonly literals = new Literals();
  /** Whole sheets come again with every full snapshot. */
  private readonly known = new Map<string, string>();

  constructor(
    private readonly options: SheetOptions,
    /** CSS selects on this attribute, which was not known before. */
    private readonly learnt: (attribute: string) => void,
  ) {}

  css(value: unknown): string {
    if (typeof value !== "string") return "";
    let css = this.known.get(value);
    if (css !== undefined) return css;
    css = maskCss(value, this.options.allowedParams, this.options.mode === "text");
    for (const name of this.literals.learn(css)) this.learnt(name);
    if (this.known.size > 300) this.known.clear();
    if (value.length > 300) this.known.set(value, css);
    return css;
  }

  /** Reads the sheets of what is about to be masked first: they say what it may keep. */
  learnFrom(node: Serialized): void {
    if (node.attributes && "_cssText" in node.attributes) this.css(node.attributes._cssText);
    for (const child of node.childNodes ?? [])
      if (node.tagName === "style") this.css(child.textContent);
      else this.learnFrom(child);
  }

  event(data: Obj): Obj | null {
    const { source } = data;
    const base = pick(data, ["source", "id", "styleId"]);
    const rules = (list: unknown): Obj[] | undefined =>
      Array.isArray(list)
        ? (list as Obj[]).map(({ rule, index }) => ({
            ...(typeof rule === "string" && { rule: this.css(rule) }),
            index: positions(index),
          }))
        : undefined;
    switch (source) {
      case 8:
        return {
          ...base,
          adds: rules(data.adds),
          removes: rules(data.removes),
          ...(typeof data.replace === "string" && { replace: this.css(data.replace) }),
          ...(typeof data.replaceSync === "string" && { replaceSync: this.css(data.replaceSync) }),
        };
      case 10:
        if (!this.options.fonts) return null;
        return {
          source,
          family: scrub(String(data.family)),
          fontSource: this.css(data.fontSource),
          buffer: data.buffer === true,
        };
      case 13: {
        const set = data.set as Obj | undefined;
        const remove = data.remove as Obj | undefined;
        const property = String((set ?? remove)?.property);
        const value = String(set?.value ?? "");
        const { allowedParams, mode } = this.options;
        const masked = maskDeclaration(property, value, allowedParams, mode === "text", true);
        if (masked === null) return null;
        const priority = set?.priority === "important" ? "important" : undefined;
        return {
          ...base,
          index: positions(data.index),
          ...(set ? { set: { property, value: masked, priority } } : { remove: { property } }),
        };
      }
      default:
        return {
          ...base,
          styleIds: positions(data.styleIds),
          styles: (data.styles as Obj[] | undefined)?.map((style) => ({
            ...pick(style, ["styleId"]),
            rules: rules(style.rules),
          })),
        };
    }
  }
}
