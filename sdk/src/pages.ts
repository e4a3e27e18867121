/** Which pages are recorded: `record_url_allow` and `record_url_block`. */

export type PagePattern = string | RegExp;

/** `*` stands for anything; the rest of a pattern stands for itself. */
const like = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^]*")}$`,
  );

/** An address in all the ways a pattern may mean it: with and without host, query and hash, and with percent signs resolved. */
function readings(href: string): string[] {
  const out: string[] = [];
  const hostless = href.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "") || "/";
  for (const address of [href, hostless])
    for (const cut of [address, address.split("#")[0]!, address.split(/[?#]/)[0]!]) out.push(cut);
  for (const reading of [...out])
    try {
      out.push(decodeURI(reading));
    } catch {
      // Not decodable: it is taken as it stands.
    }
  return out;
}

export function matchesPage(href: string, patterns: readonly PagePattern[]): boolean {
  const all = readings(href);
  return patterns.some((pattern) => {
    const test =
      typeof pattern === "string"
        ? like(pattern)
        : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
    return all.some((reading) => test.test(reading));
  });
}

const list = (value: PagePattern | readonly PagePattern[]): readonly PagePattern[] =>
  Array.isArray(value) ? (value as PagePattern[]) : [value as PagePattern];

/** Blocking wins; once anything is allowed, only that is. */
export function recordable(
  href: string,
  allow: PagePattern | readonly PagePattern[] | undefined,
  block: PagePattern | readonly PagePattern[] | undefined,
): boolean {
  if (block !== undefined && matchesPage(href, list(block))) return false;
  return allow === undefined || matchesPage(href, list(allow));
}

export const isPages = (value: unknown): boolean =>
  [value].flat().every((one) => one instanceof RegExp || (typeof one === "string" && one !== ""));
