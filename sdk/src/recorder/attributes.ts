/** What an attribute may say. Pure: everything it needs of the page is in the place it is given. */
import type { MaskMode } from "../bridge";
import { type Literals, maskCss, maskDeclaration, maskStyle, maskWords } from "./css";
import { FIXED, fixed, maskSrcset, maskUrl, scrub, scrubUrls, stars } from "./mask";
import { isState, isWord, words } from "./words";

/** Attributes of HTML and ARIA whose values are words of a fixed set, or numbers; those that a page looks different by. */
const ENUMERATED = words(
  "type role dir rel shape hidden disabled checked readonly required multiple open controls loop muted align valign clear nowrap reversed " +
    "wrap contenteditable popover media sizes width height colspan rowspan span cols rows size tabindex border cellpadding cellspacing " +
    "start low high optimum min max step marginwidth marginheight bgcolor color frameborder",
);
const ARIA =
  /^aria-(expanded|hidden|selected|checked|pressed|current|disabled|busy|invalid|modal|orientation|sort|haspopup|live|level|multiselectable|readonly|required|atomic)$/;

/** Geometry of SVG; its paint is what CSS knows as well. */
const SVG =
  /^([xy][12]?|[cdr][xy]|r|f[xyr]|k[1-4]|viewbox|preserveaspectratio|\w{0,8}transform|\w{3,16}units|offset|marker(width|height)|ref[xy]|orient|stddeviation|values|tablevalues|slope|intercept|operator|mode|rotate|startoffset|textlength)$/;
const PATH = /^(d|points|path)$/;

/** Text that a person sees, hears or hovers: kept as stars. */
const TEXTS = words(
  "title alt placeholder label summary content value aria-label aria-description aria-valuetext aria-roledescription",
);

/** Where an attribute is an address. */
const URLS: Record<string, string> = {
  href: "a area link base",
  src: "img iframe embed script source track video audio input frame",
  action: "form",
  formaction: "button input",
  poster: "video",
  data: "object",
  cite: "blockquote q ins del",
  background: "body table tbody thead tfoot tr td th",
  manifest: "html",
  longdesc: "img iframe",
  ping: "a area",
  codebase: "object",
  rr_src: "iframe",
};

const OTHERS = words("class id name style srcset imagesrcset lang xmlns xmlns:xlink slot part");
/** Names by which things find each other. */
const NAMES = /^(name|slot|in|in2|result)$/;
const META_CLEAR = /^(viewport|theme-color|color-scheme|charset)$/i;
const BUTTONS = /^(button|submit|reset|image)$/;
const REFERRED = /^#[\w:.-]{1,100}$/;

/** What fields and data are called that stay masked in every mode. */
export const SECRET =
  /csrf|xsrf|token|nonce|secret|session|auth|passw|pwd|card.?num|cc.?num|creditcard|^cc.|cvc|cvv|csc|iban|ssn|social.?sec|sec(urity)?.?(code|num)|routing/i;

export interface Place {
  tag: string;
  svg?: boolean;
  /** `type` of an input, `name` (or property, http-equiv) of a meta. */
  kind?: string;
  /** The text at this place is masked. */
  masked: boolean;
  /** Something was or could have been typed here: its value never shows, whatever type it takes on later. */
  field?: boolean;
}

export interface MaskRules {
  mode: MaskMode;
  allowedParams: readonly string[];
  canvas: boolean;
  literals: Literals;
  /** Stands in for a name by which things find each other. */
  alias(name: string): string;
}

export const isField = (tag: string): boolean => tag === "input" || tag === "textarea" || tag === "select";

/** A button's value is its caption, unless it was a field before or is called like a secret. */
export const isButton = (at: Place): boolean =>
  at.tag === "input" && BUTTONS.test(at.kind ?? "") && !at.field;

const isUrl = (key: string, at: Place): boolean =>
  (at.svg && (key === "href" || key === "xlink:href")) || !!URLS[key]?.split(" ").includes(at.tag);

const isEnumerated = (key: string): boolean => ENUMERATED.has(key) || ARIA.test(key);

/** `fill`, `stroke-width`, `opacity`: attributes of SVG that are properties of CSS. */
const isPaint = (key: string): boolean => key in document.documentElement.style;

const plainNames = new Map<string, boolean>();
function isPlainName(key: string): boolean {
  let known = plainNames.get(key);
  if (known === undefined) {
    if (plainNames.size > 1000) plainNames.clear();
    plainNames.set(
      key,
      (known =
        /^[a-z_][\w:.-]{0,60}$/.test(key) &&
        scrub(key) === key &&
        !/^_?on|^(srcdoc|nonce|integrity)$/.test(key)),
    );
  }
  return known;
}

/** Whether the name itself may stay: a name that nobody knows can be a word of a sentence. */
function keepsName(key: string, at: Place, rules: MaskRules): boolean {
  if (!isPlainName(key)) return false;
  if (!at.masked) return true;
  return (
    isEnumerated(key) ||
    TEXTS.has(key) ||
    OTHERS.has(key) ||
    (!!at.svg && (SVG.test(key) || PATH.test(key) || NAMES.test(key) || isPaint(key))) ||
    isUrl(key, at) ||
    rules.literals.names.has(key) ||
    /^rr_|^_csstext$/.test(key) ||
    /^data-(state|open|active|status|theme|side|align|orientation|disabled|selected|expanded|visible|size|variant|mode|placement)$/.test(
      key,
    )
  );
}

/** Numbers and the letters of a path, no word. */
const isPath = (value: string): boolean =>
  /^[\s\d.,+\-mzlhvcsqtae]*$/i.test(value) &&
  !/[mlhvcsqtae]\s*[a-z]/i.test(value.replace(/(\d)e(?=[-+]?\d)/gi, "$1"));

const rrweb: Record<string, RegExp> = {
  rr_width: /^[\d.]+px$/,
  rr_height: /^[\d.]+px$/,
  rr_mediastate: /^(paused|played)$/,
};

const cleared = new Map<string, string>();
/** Class names and ids come by the thousand and repeat. */
function scrubNames(value: string): string {
  let known = cleared.get(value);
  if (known === undefined) {
    if (cleared.size > 5000) cleared.clear();
    cleared.set(value, (known = scrub(value)));
  }
  return known;
}

const styles = new Map<string, string>();
function styleOf(value: string, rules: MaskRules, hide: boolean): string {
  const key = (hide ? "1" : "0") + value;
  let known = styles.get(key);
  if (known === undefined) {
    if (styles.size > 1000) styles.clear();
    styles.set(key, (known = maskStyle(value, rules.allowedParams, hide)));
  }
  return known;
}

/** The value an attribute is recorded with; undefined drops it, name and all. */
export function maskAttribute(name: string, value: string, at: Place, rules: MaskRules): string | undefined {
  const { tag } = at;
  const key = name.toLowerCase();
  if (key === "class" || key === "id") return scrubNames(value);
  if (!keepsName(key, at, rules)) return undefined;
  const url = (text: string): string => maskUrl(text, rules.allowedParams, at.masked);
  if (key === "style") return styleOf(value, rules, at.masked);
  if (key === "_csstext")
    return tag === "style" || tag === "link" ? maskCss(value, rules.allowedParams, at.masked) : undefined;
  if (key.startsWith("rr_") && key !== "rr_src") {
    if (key === "rr_dataurl")
      return rules.canvas && tag === "canvas" && value.startsWith("data:image/") ? value : undefined;
    return rrweb[key]?.test(value) ? value : undefined;
  }
  if (key === "srcset" || key === "imagesrcset") return maskSrcset(value, rules.allowedParams);
  if (isUrl(key, at)) return at.svg && tag !== "a" && REFERRED.test(value) ? value : url(value);
  if (key === "name" || key === "slot" || (at.masked && at.svg && NAMES.test(key))) {
    if (tag === "meta")
      return META_CLEAR.test(value) || !value ? value : at.masked ? stars(value) : scrub(value);
    return isState(value) || isWord(value) ? value : (rules.literals.keep(key, value) ?? rules.alias(value));
  }
  // Which one was chosen is as much an answer as a text.
  if (tag === "input" || tag === "option")
    if (key === "checked" || key === "selected" || key === "aria-checked" || key === "aria-selected")
      return undefined;
  if (key === "value") {
    if (!tag || (isField(tag) && !isButton(at))) return fixed(value);
    if (tag === "progress" || tag === "meter" || tag === "li")
      return /^[\d.]{1,9}$/.test(value) ? value : undefined;
    if (tag === "input" && at.masked) return stars(value);
  }
  if (tag === "meta" && key === "content") {
    if (META_CLEAR.test(at.kind ?? ""))
      return maskWords(value) === value || !at.masked ? value : maskWords(value);
    if (SECRET.test(at.kind ?? "")) return stars(value);
  }
  if (SECRET.test(key)) return stars(value);
  if (!at.masked) return scrub(scrubUrls(value, rules.allowedParams));
  if (key === "lang") return /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i.test(value) ? value : FIXED;
  if (/^xmlns/.test(key)) return /^https?:\/\/www\.w3\.org\/[\w/.]*$/.test(value) ? value : undefined;
  if (isEnumerated(key)) {
    if (value.split(/[\s,]+/).every((word) => isWord(word) || isState(word))) return value;
    const masked = maskWords(value);
    return masked === value ? value : (rules.literals.keep(key, value) ?? masked);
  }
  if (at.svg && PATH.test(key)) return isPath(value) ? value : undefined;
  if (at.svg && SVG.test(key)) return maskWords(value);
  if (at.svg && isPaint(key)) return maskDeclaration(key, value, rules.allowedParams, true) ?? undefined;
  return isState(value) ? value : (rules.literals.keep(key, value) ?? stars(value));
}
