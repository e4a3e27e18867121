/** Style sheets and inline styles: what of them is text, and which attribute values they select on. */
import { maskUrl, scrub, scrubUrls, stars } from "./mask";
import type { Obj } from "./events";
import { isWord } from "./words";

const STRING = `"(?:[^"\\\\]|\\\\[\\s\\S])*"|'(?:[^'\\\\]|\\\\[\\s\\S])*'`;
const COMMENT = new RegExp(`(${STRING})|/\\*[\\s\\S]*?(?:\\*/|$)`, "g");
const CONTENT = new RegExp(`((?:^|[^\\w-])content\\s*:)((?:${STRING}|[^;}"'])*)`, "gi");
const STRINGS = new RegExp(STRING, "g");
const URLS = /(url\(\s*|@import\s+(?!url\())("[^"]*"|'[^']*'|[^)\s"']+)/gi;

/** Letters and digits of a CSS string become stars; arrows, bullets and the glyphs of icon fonts stay. */
const maskString = (text: string): string =>
  text.replace(/\\([0-9a-f]{1,6})\s?|[\p{L}\p{N}]/giu, (m: string, hex?: string) =>
    hex && !/[\p{L}\p{N}]/u.test(String.fromCodePoint(Math.min(parseInt(hex, 16), 0x10ffff))) ? m : "*",
  );

const maskUrls = (css: string, allowed: readonly string[], hide: boolean): string =>
  /url\(|@import/i.test(css)
    ? css.replace(URLS, (_m: string, start: string, quoted: string) => {
        const quote = /^["']/.test(quoted) ? quoted[0]! : "";
        const url = quote ? quoted.slice(1, -1) : quoted;
        return start + quote + (url[0] === "#" ? url : maskUrl(url, allowed, hide)) + quote;
      })
    : css;

/**
 * The text of a style sheet stays clear but for comments, what its URLs carry, and, where text is masked (`hide`), the text
 * that `content` puts on the page.
 */
export function maskCss(css: string, allowed: readonly string[], hide = true): string {
  if (css.includes("/*")) css = css.replace(COMMENT, (_m, string: string | undefined) => string ?? "");
  css = maskUrls(css, allowed, hide);
  if (hide && /content\s*:/i.test(css))
    css = css.replace(
      CONTENT,
      (_m, name: string, value: string) => name + value.replace(STRINGS, maskString),
    );
  return css;
}

const supports = (property: string, value: string): boolean =>
  typeof CSS !== "undefined" &&
  !!CSS.supports &&
  CSS.supports(property, value.replace(/\s*!important\s*$/i, ""));

const colours = new Map<string, boolean>();
const isColour = (word: string): boolean => {
  let known = colours.get(word);
  if (known === undefined) colours.set(word, (known = supports("color", word)));
  if (colours.size > 1000) colours.clear();
  return known;
};

const UNIT = "(?:px|r?em|ex|ch|pt|pc|[cm]m|in|deg|g?rad|turn|m?s|fr|[sld]?v(?:h|w|min|max)|dpi|dppx|[wx]|%)?";
const TOKEN = new RegExp(
  "(url\\([^)]*\\))" +
    `|(#[0-9a-f]{3,8}\\b|var\\(\\s*--[\\w-]+|(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?${UNIT}(?![\\p{L}\\p{N}_]))` +
    "|[\\p{L}\\p{N}_][\\p{L}\\p{N}_-]*",
  "giu",
);

/** Numbers, colours and words of HTML, SVG and CSS stay; any other word becomes stars. */
export const maskWords = (value: string): string =>
  scrub(
    value.replace(TOKEN, (token: string, url?: string, plain?: string) => {
      if (url) return /^url\(\s*["']?#[\w-]+["']?\s*\)$/i.test(url) ? url : "url()";
      return plain || isWord(token) || isColour(token) ? token : stars(token);
    }),
  );

const FREE = /^(?:quotes|grid(?:-template(?:-areas)?)?)$/i;

/** One declaration outside a style sheet's text; null when it is none that a browser knows. `known`: the browser said it. */
export function maskDeclaration(
  property: string,
  value: string,
  allowed: readonly string[],
  hide: boolean,
  known = false,
): string | null {
  if (!/^-{0,2}[a-z][\w-]{0,80}$/i.test(property) || scrub(property) !== property) return null;
  value = maskUrls(value, allowed, hide);
  if (!hide) return scrub(scrubUrls(value, allowed));
  if (property.startsWith("--")) return maskWords(value);
  // Names of fonts are words as well; the size beside them has to hold.
  if (/^font(-family)?$/i.test(property)) return maskWords(value).replace(/\*+/g, "x");
  if (!FREE.test(property)) value = value.replace(STRINGS, (s) => (/^["']#/.test(s) ? s : maskString(s)));
  if (known || supports(property, value)) return scrub(value);
  const words = maskWords(value);
  return words === value ? value : null;
}

/** Cuts at `;` outside of strings and brackets. */
function declarations(css: string): string[] {
  const out: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let i = 0; i <= css.length; i++) {
    const c = css[i];
    if (c === undefined || (c === ";" && !quote && !depth)) {
      out.push(css.slice(start, i));
      start = i + 1;
    } else if (c === "\\") i++;
    else if (quote) {
      if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "(") depth++;
    else if (c === ")" && depth) depth--;
  }
  return out;
}

/** The value of a `style` attribute: whatever stands there, also what no browser understands. */
export function maskStyle(style: string, allowed: readonly string[], hide: boolean): string {
  if (style.includes("/*")) style = style.replace(COMMENT, (_m, string: string | undefined) => string ?? "");
  const out: string[] = [];
  for (const declaration of declarations(style)) {
    const at = declaration.indexOf(":");
    if (at < 0) continue;
    const property = declaration.slice(0, at).trim();
    const value = maskDeclaration(property, declaration.slice(at + 1).trim(), allowed, hide);
    if (value !== null) out.push(`${property}: ${value}`);
  }
  return out.join("; ");
}

/** What has changed in an element's style, by property. */
export function maskStyleChange(given: Obj, allowed: readonly string[], hide: boolean): Obj {
  const style: Obj = {};
  for (const [property, value] of Object.entries(given)) {
    const [text, priority] = (Array.isArray(value) ? value : [value]) as unknown[];
    const masked = maskDeclaration(property, typeof text === "string" ? text : "", allowed, hide, true);
    if (masked === null) continue;
    const now = typeof text === "string" && masked;
    style[property] = Array.isArray(value) ? [now, priority === "important" ? priority : ""] : now;
  }
  return style;
}

const SELECTOR =
  /\[\s*([\w|:-]+)\s*(?:([~|^$*]?=)\s*(?:"([^"\]]*)"|'([^'\]]*)'|([^\]\s"']+))\s*[is]?\s*)?\]/gi;
const PART = /::part\(([^)]*)\)/gi;
const ATTR = /attr\(\s*([\w-]+)/gi;
const MAX_LITERALS = 5000;

/**
 * What the page's own CSS selects on. It is read from CSS that has left the page already, so an attribute that keeps such a
 * value says no more than that the rule applies.
 */
export class Literals {
  readonly names = new Set<string>();
  private readonly values = new Map<string, Map<string, string>>();
  private count = 0;

  /** Reads a text; answers the attributes it says something new of. */
  learn(css: string): Set<string> {
    const fresh = new Set<string>();
    const name = (text: string): string => {
      const key = text.toLowerCase().replace(/^.*\|/, "");
      if (!this.names.has(key)) fresh.add(key);
      this.names.add(key);
      return key;
    };
    const value = (key: string, op: string, literal: string): void => {
      let of = this.values.get(key);
      if (!of) this.values.set(key, (of = new Map()));
      if (!literal || of.has(op + literal) || this.count > MAX_LITERALS) return;
      this.count++;
      of.set(op + literal, literal);
      fresh.add(key);
    };
    if (css.includes("["))
      for (const [, attribute, op, double, single, bare] of css.matchAll(SELECTOR)) {
        const key = name(attribute!);
        if (op) value(key, op, double ?? single ?? bare ?? "");
      }
    if (css.includes("::part("))
      for (const [, parts] of css.matchAll(PART))
        for (const part of parts!.split(/\s+/)) value(name("part"), "~=", part);
    if (css.includes("attr(")) for (const [, attribute] of css.matchAll(ATTR)) name(attribute!);
    return fresh;
  }

  /** The value with what CSS selects on clear and the rest masked; undefined when CSS selects on nothing of it. */
  keep(name: string, value: string): string | undefined {
    const of = this.values.get(name);
    if (!of || !value) return undefined;
    if (of.has(`=${value}`)) return value;
    const words = value.split(/(\s+)/);
    if (words.some((word) => of.has(`~=${word}`)))
      return words.map((word) => (of.has(`~=${word}`) ? word : stars(word))).join("");
    for (const [key, literal] of of) {
      const op = key[0];
      if ((op === "^" || op === "|") && value.startsWith(literal))
        return literal + stars(value.slice(literal.length));
      if (op === "$" && value.endsWith(literal)) return stars(value.slice(0, -literal.length)) + literal;
      if (op === "*" && value.includes(literal)) return value.split(literal).map(stars).join(literal);
    }
    return undefined;
  }
}
