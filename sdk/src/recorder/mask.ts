/**
 * What may stay clear. Pure: text, URL and attribute rules without any page. What no rule knows is masked.
 *
 * In `text` mode everything a person could read is masked; in `input` mode text stays clear outside the mask classes.
 * Whatever can be typed into is masked in both, and so is whatever looks like an e-mail, a card, an IBAN or a JWT.
 */
import type { MaskMode } from "../bridge";
import { CLICK_IDS } from "../properties";

/** Stands for any input's content: neither its length nor its keystrokes show. */
export const FIXED = "*****";

/** Every visible character a star; white space stays, so that lines break where they broke. */
export const stars = (text: string): string => text.replace(/\S/gu, "*");

export const fixed = (value: unknown): string =>
  value === "" || value == null || value === false ? "" : FIXED;

// Bounded, so that no text makes them slow.
const EMAIL = /[^\s@<>"'(),:;]{1,64}@[^\s@<>"'(),:;]{1,255}\.[^\s@<>"'(),:;]{1,63}/g;
const JWT = /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g;
const IBAN = /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b/g;
const CARD = /\d(?:[ -]?\d){12,18}/g;

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let d = Number(digits[digits.length - 1 - i]);
    if (i % 2 && (d *= 2) > 9) d -= 9;
    sum += d;
  }
  return sum % 10 === 0;
}

/** Masks what looks like a secret inside text that is otherwise clear. */
export function scrub(text: string): string {
  if (text.length < 6) return text;
  if (text.includes("@")) text = text.replace(EMAIL, stars);
  if (text.includes("eyJ")) text = text.replace(JWT, stars);
  if (/\d{2}/.test(text))
    text = text.replace(IBAN, stars).replace(CARD, (m) => (luhn(m.replace(/\D/g, "")) ? stars(m) : m));
  return text;
}

const CLEAR_PARAMS = new Set(
  (
    "utm_source utm_medium utm_campaign utm_content utm_term utm_id utm_source_platform utm_campaign_id " +
    "utm_creative_format utm_marketing_tactic"
  )
    .split(" ")
    .concat(CLICK_IDS),
);

/** A part of a path; what it hides behind percent signs counts too. */
function scrubPart(part: string): string {
  if (!part.includes("%")) return scrub(part);
  try {
    const decoded = decodeURIComponent(part);
    return scrub(decoded) === decoded ? part : stars(part);
  } catch {
    return stars(part);
  }
}

/** Keeps where a URL points, masks what it carries: query values and hash, save allowed parameters. */
export function maskUrl(url: string, allowed: readonly string[] = []): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === "data") return /^\s*data:(image|font|video|audio|text\/css)/i.test(url) ? url : "data:,";
  if (scheme === "blob" || scheme === "about") return scheme === "about" ? url : "blob:";
  if (scheme && !/^(https?|wss?|file|ftp)$/.test(scheme)) return `${scheme}:${FIXED}`;
  const [, rest = "", query, hash] = /^([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/.exec(url) ?? [];
  let out = rest
    .replace(/^([a-z+.-]+:)?\/\/[^/@]*@/i, "$1//")
    .split("/")
    .map(scrubPart)
    .join("/");
  if (query !== undefined)
    out +=
      "?" +
      query
        .split("&")
        .map((pair) => {
          const at = pair.indexOf("=");
          // A query that is no list of pairs is a value itself.
          if (at < 0) return pair && "*";
          const name = pair.slice(0, at);
          const clear = CLEAR_PARAMS.has(name) || allowed.includes(name);
          return `${scrub(name)}=${clear ? scrub(pair.slice(at + 1)) : pair.length > at + 1 ? "*" : ""}`;
        })
        .join("&");
  if (hash) out += "#*";
  return out;
}

export const maskSrcset = (value: string, allowed: readonly string[]): string =>
  value.replace(
    /(\s*)((?:data:[^\s]+|[^\s,][^\s]*[^\s,]|[^\s,]))([^,]*)(,|$)/g,
    (_m, space, url, size, end) => [space, maskUrl(url as string, allowed), size, end].join(""),
  );

/** CSS stays clear, the URLs in it follow the rule for URLs. */
export const maskCss = (css: string, allowed: readonly string[]): string =>
  css.includes("url(") || css.includes("@import")
    ? css.replace(
        /(url\(\s*|@import\s+)("[^"]*"|'[^']*'|[^)\s"']+)/gi,
        (_m: string, start: string, quoted: string) => {
          if (/^url\(/i.test(quoted)) return start + quoted;
          const quote = /^["']/.test(quoted) ? quoted[0]! : "";
          const url = quote ? quoted.slice(1, -1) : quoted;
          return start + quote + (url[0] === "#" ? url : maskUrl(url, allowed)) + quote;
        },
      )
    : css;

const words = (text: string): Set<string> => new Set(text.split(/\s+/));

/** Attributes whose values are words of HTML or numbers of the layout. */
const ENUMERATED = words(
  "type role dir lang rel rev as media sizes loading decoding fetchpriority crossorigin referrerpolicy method enctype target shape scope " +
    "hidden disabled checked readonly required multiple open controls autoplay loop muted playsinline novalidate inert async defer " +
    "width height colspan rowspan span cols rows size maxlength minlength tabindex border cellpadding cellspacing align valign " +
    "bgcolor color face clear nowrap start reversed wrap draggable contenteditable spellcheck autocapitalize inputmode enterkeyhint " +
    "popover popovertarget popovertargetaction part exportparts slot is for form list headers usemap ismap charset http-equiv " +
    "translate autofocus autocomplete kind default high low optimum preload frameborder scrolling allowfullscreen marginwidth marginheight " +
    "aria-expanded aria-hidden aria-selected aria-checked aria-pressed aria-current aria-disabled aria-busy aria-invalid aria-modal " +
    "aria-orientation aria-sort aria-haspopup aria-live aria-level aria-controls aria-labelledby aria-describedby aria-owns " +
    "aria-activedescendant aria-multiselectable aria-readonly aria-required aria-atomic",
);

/** Geometry and paint of SVG. */
const SVG = words(
  "d x y x1 x2 y1 y2 cx cy r rx ry fx fy fr dx dy points pathlength viewbox preserveaspectratio transform gradienttransform patterntransform " +
    "gradientunits patternunits patterncontentunits clippathunits maskunits maskcontentunits filterunits primitiveunits spreadmethod " +
    "offset stop-color stop-opacity fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray " +
    "stroke-dashoffset stroke-miterlimit stroke-opacity opacity clip-path clip-rule mask filter marker-start marker-mid marker-end " +
    "markerwidth markerheight markerunits refx refy orient vector-effect color display visibility overflow font-size font-family " +
    "font-weight font-style text-anchor dominant-baseline alignment-baseline baseline-shift letter-spacing word-spacing textlength " +
    "lengthadjust rotate startoffset in in2 result stddeviation mode operator k1 k2 k3 k4 values tablevalues slope intercept " +
    "amplitude exponent basefrequency numoctaves seed flood-color flood-opacity lighting-color surfacescale specularconstant " +
    "specularexponent azimuth elevation attributename attributetype begin dur end from to by repeatcount repeatdur calcmode " +
    "keytimes keysplines keypoints additive accumulate restart version xmlns xmlns:xlink xml:space focusable shape-rendering " +
    "text-rendering image-rendering paint-order pointer-events stop-colour color-interpolation-filters",
);

const URLS = words(
  "src href xlink:href action formaction poster data cite background manifest longdesc rr_src codebase icon ping",
);

const STATES = words(
  "true false on off yes no none auto open opened closed close opening closing active inactive selected checked unchecked indeterminate " +
    "mixed visible hidden shown show hide collapsed expanded collapsing loading loaded idle pending error success warning info " +
    "enabled disabled current page step location date time left right top bottom center start end up down horizontal vertical " +
    "small medium large sm md lg xl xs light dark default primary secondary entering entered exiting exited enter leave " +
    "delayed-open instant-open inline block ascending descending polite assertive dialog menu listbox tree grid tooltip",
);

const isState = (value: string): boolean =>
  value === "" || STATES.has(value.toLowerCase()) || /^-?\d{1,3}(\.\d{1,2})?(px|%)?$/.test(value);

const META_CLEAR = /^(viewport|theme-color|color-scheme|charset)$/i;
const META_SECRET = /csrf|xsrf|token|nonce|key|secret|session|auth/i;
const BUTTONS = /^(button|submit|reset|image)$/;

export interface Place {
  tag: string;
  svg?: boolean;
  /** `type` of an input, `name` (or property, http-equiv) of a meta. */
  kind?: string;
  /** The text at this place is masked. */
  masked: boolean;
}

export interface MaskRules {
  mode: MaskMode;
  allowedParams: readonly string[];
  /** Stands in for `name`, which groups radio buttons and must stay distinct. */
  alias(name: string): string;
}

export const isField = (tag: string): boolean => tag === "input" || tag === "textarea" || tag === "select";

/** The value an attribute is recorded with; undefined drops it. Numbers, booleans and null are layout and stay. */
export function maskAttribute(name: string, value: string, at: Place, rules: MaskRules): string | undefined {
  const { tag } = at;
  const key = name.toLowerCase();
  const url = (text: string): string => maskUrl(text, rules.allowedParams);
  if (/^_?on/.test(key) || key === "srcdoc" || key === "nonce" || key === "integrity") return undefined;
  if (key === "class" || key === "id") return value;
  if (key === "style" || key === "_csstext") return maskCss(value, rules.allowedParams);
  if (key === "srcset" || key === "imagesrcset") return maskSrcset(value, rules.allowedParams);
  if (key === "rr_dataurl" || key === "rr_width" || key === "rr_height" || key === "rr_mediastate")
    return value;
  if (URLS.has(key)) return at.svg && value[0] === "#" ? value : url(value);
  if (key === "name") return tag === "meta" && META_CLEAR.test(value) ? value : value && rules.alias(value);
  if (key === "value") {
    if (tag === "input" && BUTTONS.test(at.kind ?? "")) return at.masked ? stars(value) : scrub(value);
    if (isField(tag)) return fixed(value);
    if (tag === "progress" || tag === "meter" || tag === "li") return value;
    return at.masked ? stars(value) : scrub(value);
  }
  if (key === "selected" && tag === "option") return undefined;
  if (tag === "meta" && key === "content") {
    if (META_CLEAR.test(at.kind ?? "")) return value;
    return at.masked || META_SECRET.test(at.kind ?? "") ? stars(value) : scrub(value);
  }
  if (ENUMERATED.has(key)) return value;
  if (at.svg && SVG.has(key)) return value;
  if (!at.masked) return scrub(value);
  return isState(value) ? value : stars(value);
}
