/** What every event says about browser and page, with the names mixpanel-browser uses. */
import type { Dict } from "./util";

const BROWSERS: [RegExp, string, RegExp?][] = [
  [/OPR\/|Opera/, "Opera", /(?:OPR|Opera|Version)\/(\d+(?:\.\d+)?)/],
  [/SamsungBrowser/, "Samsung Internet", /SamsungBrowser\/(\d+(?:\.\d+)?)/],
  [/Edg(e|A|iOS)?\//, "Microsoft Edge", /Edg(?:e|A|iOS)?\/(\d+(?:\.\d+)?)/],
  [/FBIOS/, "Facebook Mobile", /FBAV\/(\d+(?:\.\d+)?)/],
  [/UCBrowser|UCWEB/, "UC Browser", /UC(?:Browser|WEB)\/?(\d+(?:\.\d+)?)/],
  [/CriOS/, "Chrome iOS", /CriOS\/(\d+(?:\.\d+)?)/],
  [/FxiOS/, "Firefox iOS", /FxiOS\/(\d+(?:\.\d+)?)/],
  [/Chrome\//, "Chrome", /Chrome\/(\d+(?:\.\d+)?)/],
  [/Firefox\//, "Firefox", /Firefox\/(\d+(?:\.\d+)?)/],
  [/Mobile.*Safari/, "Mobile Safari", /Version\/(\d+(?:\.\d+)?)/],
  [/Android/, "Android Mobile", /Android\s(\d+(?:\.\d+)?)/],
  [/Safari\//, "Safari", /Version\/(\d+(?:\.\d+)?)/],
  [/Trident|MSIE/, "Internet Explorer", /(?:rv:|MSIE )(\d+(?:\.\d+)?)/],
];

export function browser(ua: string): [name: string, version: number | null] {
  for (const [test, name, version] of BROWSERS)
    if (test.test(ua)) return [name, Number(version?.exec(ua)?.[1]) || null];
  return ["", null];
}

export const os = (ua: string): string =>
  /Windows Phone/.test(ua)
    ? "Windows Phone"
    : /Windows/.test(ua)
      ? "Windows"
      : /iPhone|iPad|iPod/.test(ua)
        ? "iOS"
        : /Android/.test(ua)
          ? "Android"
          : /BlackBerry|PlayBook|BB10/.test(ua)
            ? "BlackBerry"
            : /Mac/i.test(ua)
              ? "Mac OS X"
              : /CrOS/.test(ua)
                ? "Chrome OS"
                : /Linux/.test(ua)
                  ? "Linux"
                  : "";

export const device = (ua: string): string =>
  /(iPhone|iPad|iPod|Android|BlackBerry|Windows Phone)/.exec(ua)?.[1] ?? "";

export const hostOf = (url: string): string => /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#:]+)/i.exec(url)?.[1] ?? "";

const CAMPAIGN =
  "utm_source utm_medium utm_campaign utm_content utm_term utm_id utm_source_platform utm_campaign_id utm_creative_format utm_marketing_tactic".split(
    " ",
  );
export const CLICK_IDS = "dclid fbclid gclid ko_click_id li_fat_id msclkid sccid ttclid twclid wbraid".split(
  " ",
);

export function campaign(query: string): Dict {
  const out: Dict = {};
  const params = new URLSearchParams(query);
  for (const name of [...CAMPAIGN, ...CLICK_IDS]) {
    const value = params.get(name);
    if (value) out[name] = value.slice(0, 255);
  }
  return out;
}

const filled = (props: Dict): Dict => {
  for (const key in props) if (props[key] === "" || props[key] == null) delete props[key];
  return props;
};

export function eventProperties(): Dict {
  const ua = navigator.userAgent;
  const [name, version] = browser(ua);
  return filled({
    $os: os(ua),
    $browser: name,
    $browser_version: version,
    $device: device(ua),
    $referrer: document.referrer,
    $referring_domain: hostOf(document.referrer),
    $current_url: location.href,
    $screen_height: screen.height,
    $screen_width: screen.width,
    mp_lib: "playhead",
    $lib_version: __VERSION__,
  });
}

export function peopleProperties(): Dict {
  const ua = navigator.userAgent;
  const [name, version] = browser(ua);
  return filled({ $os: os(ua), $browser: name, $browser_version: version });
}

export function pageProperties(): Dict {
  return filled({
    current_page_title: document.title,
    current_domain: location.hostname,
    current_url_path: location.pathname,
    current_url_protocol: location.protocol,
    current_url_search: location.search,
  });
}

/** Strings cut to 255 units, dates as text, functions and undefined out, at any depth: what mixpanel-browser sends. */
export function truncate(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return value.slice(0, 255);
  if (value instanceof Date) return Number.isNaN(+value) ? null : value.toISOString().slice(0, 19);
  if (typeof value === "bigint") return String(value);
  if (!value || typeof value !== "object") return typeof value === "function" ? undefined : value;
  if (depth > 20 || (typeof Node !== "undefined" && value instanceof Node)) return null;
  if (Array.isArray(value)) return value.map((v) => truncate(v, depth + 1));
  const out: Dict = {};
  for (const [key, v] of Object.entries(value)) out[key] = truncate(v, depth + 1);
  return out;
}
