/**
 * Text and URLs: what they become. Pure, knows no page.
 *
 * Whatever looks like an e-mail address, a card, an IBAN or a JWT is masked in every mode; the rest as the mode says.
 */
import { CLICK_IDS } from "../properties";

/** Stands for any input's content: neither its length nor its keystrokes show. */
export const FIXED = "*****";
/** Stands where a masked value would leave a filled box looking empty. */
export const EMPTY_BOX = "[****]";

/** Beyond Latin: combining marks, joined emoji and the like make one visible character of several. */
const BEYOND_LATIN = /[\u0300-\uffff]/;
const VISIBLE = /[^\s\u00ad\u200b](?:[\p{M}\p{EMod}\u200c]|\u200d\S?)*/gu;

/** Every visible character a star; white space (soft hyphens too) stays, so that lines break where they broke. */
export const stars = (text: string): string =>
  BEYOND_LATIN.test(text) ? text.replace(VISIBLE, "*") : text.replace(/[^\s\u00ad]/g, "*");

export const fixed = (value: unknown): string =>
  value === "" || value == null || value === false ? "" : FIXED;

// Bounded, so that no text makes them slow.
const EMAIL = /[^\s@<>"'(),:;]{1,64}(?:@|%40)[^\s@<>"'(),:;]{1,255}\.[^\s@<>"'(),:;]{1,63}/gi;
const JWT = /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g;
const IBAN = /\b[a-z]{2}\d{2}(?:[ \u00a0-]?[a-z0-9]{4}){2,7}(?:[ \u00a0-]?[a-z0-9]{1,3})?(?![a-z0-9])/gi;
const DIGITS = /\d(?:[ \u00a0-]?\d){12,}/g;

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let d = Number(digits[digits.length - 1 - i]);
    if (i % 2 && (d *= 2) > 9) d -= 9;
    sum += d;
  }
  return sum % 10 === 0;
}

/** Whether a run of digits holds a card's number, wherever in it: what stands beside it must not hide it. */
function holdsCard(digits: string): boolean {
  if (digits.length > 40) return true;
  for (let from = 0; from + 13 <= digits.length; from++)
    if (/[2-6]/.test(digits[from]!))
      for (let length = 13; length <= 19 && from + length <= digits.length; length++)
        if (luhn(digits.slice(from, from + length))) return true;
  return false;
}

/** By its check digits, whatever words follow it; in capitals also by its looks alone. */
function holdsIban(text: string): boolean {
  const plain = text.replace(/[^a-z0-9]/gi, "");
  if (/^[A-Z]{2}/.test(plain) && plain.replace(/\D/g, "").length >= 12) return true;
  for (let length = 15; length <= Math.min(34, plain.length); length++) {
    let rest = 0;
    for (const c of plain.slice(4, length) + plain.slice(0, 4)) {
      const value = parseInt(c, 36);
      rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
    }
    if (rest === 1) return true;
  }
  return false;
}

/** Masks what looks like a secret inside text that is otherwise clear. */
export function scrub(text: string): string {
  if (text.length < 6) return text;
  if (text.includes("@") || text.includes("%40")) text = text.replace(EMAIL, stars);
  if (text.includes("eyJ")) text = text.replace(JWT, stars);
  if (/\d{2}/.test(text))
    text = text
      .replace(IBAN, (m) => (holdsIban(m) ? stars(m) : m))
      .replace(DIGITS, (m) => (holdsCard(m.replace(/\D/g, "")) ? stars(m) : m));
  return text;
}

const NAMED_SECRET =
  /\b(pass(?:word|wd)?|pwd|secret|token|api[_-]?key|authorization|cookie|session(?:id)?|ssn|cvc|cvv|pin)(["']?\s*[:=]\s*["']?|\s+bearer\s+)([^\s"',;&]+)/gi;

/** Messages of the console and of errors, where they are not masked whole: also URLs, tokens and long runs of digits. */
export function scrubMessage(text: string, allowed: readonly string[]): string {
  return scrub(scrubUrls(text, allowed))
    .replace(NAMED_SECRET, (_m, name: string, is: string, value: string) => name + is + stars(value))
    .replace(/\bbearer\s+\S+/gi, (m) => m.slice(0, 7) + stars(m.slice(7)))
    .replace(/[\w+=-]{20,}/g, (m) => (/\d/.test(m) && /[a-z]/i.test(m) ? stars(m) : m))
    .replace(/\d{6,}|\b\d{3}-\d{2}-\d{4}\b/g, stars);
}

const INNER_URL =
  /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>`()\\]+|[^\s"'<>`();]{0,300}[?#][^\s"'<>`();]*=[^\s"'<>`();]*/gi;

/** The URLs inside a text, relative ones by what they carry. */
export const scrubUrls = (text: string, allowed: readonly string[]): string =>
  /:\/\/|[?#]/.test(text) ? text.replace(INNER_URL, (url) => maskUrl(url, allowed)) : text;

const CLICKS = new Set(CLICK_IDS);

/** A part of a path; what it hides behind percent signs counts too, and so do parameters of a path. */
function scrubPart(part: string): string {
  const at = part.indexOf(";");
  if (at >= 0)
    return (
      scrubPart(part.slice(0, at)) +
      part
        .slice(at)
        .replace(/;([^;=]*)(=?)[^;]*/g, (_m, name: string, is: string) => (is ? `;${scrub(name)}=*` : ";*"))
    );
  if (!part.includes("%")) return scrub(part);
  try {
    const decoded = decodeURIComponent(part);
    return scrub(decoded) === decoded ? part : stars(part);
  } catch {
    return stars(part);
  }
}

/** A picture of XML that holds something to read is a text. */
function maskSvgUrl(url: string): string {
  const [, head = "", body = ""] = /^([^,]*),([^]*)$/.exec(url) ?? [];
  try {
    const svg = /;base64/i.test(head) ? atob(body) : decodeURIComponent(body);
    return /<[!?]|<(text|title|desc|style|script|foreign|meta)|\s(aria-|data-|title|id=["'][^"']{20})|>[^<]*[^\s<][^<]*</i.test(
      svg,
    )
      ? "data:,"
      : url;
  } catch {
    return "data:,";
  }
}

/** Keeps where a URL points, masks what it carries: query values and hash, save allowed parameters. */
export function maskUrl(url: string, allowed: readonly string[] = [], hide = true): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === "data") {
    if (hide && /^\s*data:image\/svg/i.test(url)) return maskSvgUrl(url.trim());
    return /^\s*data:(image|font|video|audio|application\/(x-)?font)/i.test(url) ? url : "data:,";
  }
  if (scheme === "blob") return "blob:";
  if (scheme === "about") return "about:blank";
  if (scheme && !/^(https?|wss?|file|ftp)$/.test(scheme))
    return `${/^(mailto|tel|sms|javascript|chrome-extension)$/.test(scheme) ? scheme : "x"}:${FIXED}`;
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
          const clear = /^utm_[a-z_]{1,24}$/.test(name) || CLICKS.has(name) || allowed.includes(name);
          return `${scrubPart(name)}=${clear ? scrubPart(pair.slice(at + 1)) : pair.length > at + 1 ? "*" : ""}`;
        })
        .join("&");
  if (hash) out += "#*";
  return out;
}

export const maskSrcset = (value: string, allowed: readonly string[]): string =>
  value.replace(
    /(\s*)((?:data:[^\s]+|[^\s,][^\s]*[^\s,]|[^\s,]))([^,]*)(,|$)/g,
    (_m, space, url, size, end) =>
      [
        space,
        maskUrl(url as string, allowed),
        /^\s*[\d.]*[wxh]?\s*$/.test(size as string) ? size : "",
        end,
      ].join(""),
  );
