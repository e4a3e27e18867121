/** Options: names, meaning and defaults as in `mixpanel-browser`, and a few of our own at the end. */

import { isPages, type PagePattern } from "./pages";

export type Props = Record<string, unknown>;
export type Hook = (...args: never[]) => unknown;

export interface Config {
  api_host: string;
  api_routes: Record<string, string>;
  batch_requests: boolean;
  batch_size: number;
  batch_flush_interval_ms: number;
  batch_autostart: boolean;
  persistence: "cookie" | "localStorage";
  persistence_name: string;
  cookie_name: string;
  cookie_expiration: number;
  cross_subdomain_cookie: boolean;
  cross_site_cookie: boolean;
  secure_cookie: boolean;
  cookie_domain: string;
  disable_persistence: boolean;
  disable_cookie: boolean;
  opt_out_tracking_by_default: boolean;
  opt_out_persistence_by_default: boolean;
  opt_out_tracking_persistence_type: "localStorage" | "cookie";
  opt_out_tracking_cookie_prefix: string | null;
  ignore_dnt: boolean;
  property_blacklist: string[];
  track_pageview: boolean | string;
  autocapture: unknown;
  flags: unknown;
  track_marketing: boolean;
  skip_first_touch_marketing: boolean;
  stop_utm_persistence: boolean;
  save_referrer: boolean;
  track_links_timeout: number;
  test: boolean;
  verbose: boolean;
  debug: boolean;
  ip: boolean;
  hooks: Record<string, Hook | Hook[]>;
  error_reporter: (message: string, error?: unknown) => void;
  loaded: (instance: never) => void;
  remote_settings_mode: "disabled" | "fallback" | "strict";

  record_sessions_percent: number;
  record_min_ms: number;
  record_max_ms: number;
  record_idle_timeout_ms: number;
  record_block_class: string | RegExp;
  record_block_selector: string | null;
  record_mask_all_text: boolean | undefined;
  record_mask_text_class: string | RegExp | undefined;
  record_mask_text_selector: string | string[] | undefined;
  record_unmask_text_selector: string | string[] | undefined;
  record_mask_all_inputs: boolean | undefined;
  record_mask_inputs: boolean;
  record_mask_input_selector: string | string[] | undefined;
  record_unmask_input_selector: string | string[] | undefined;
  record_canvas: boolean;
  record_collect_fonts: boolean;
  record_console: boolean;
  record_network: boolean;
  record_network_options: Props;
  record_heatmap_data: boolean;
  record_allowed_iframe_origins: string[];
  recording_event_triggers: Record<string, { percentage?: number; property_filters?: unknown }>;
  recorder_src: string | null;

  record_url_params: string[];
  record_url_allow: PagePattern | PagePattern[] | undefined;
  record_url_block: PagePattern | PagePattern[] | undefined;
  record_flush_interval_ms: number;
  record_batch_bytes: number;
  record_checkpoint_ms: number;
  record_mutation_budget: number;
  record_node_mutation_budget: number;
  record_respect_reduced_data: boolean;
}

const nothing = (): void => undefined;

export const DEFAULTS: Config = {
  api_host: "",
  api_routes: {
    track: "track/",
    engage: "engage/",
    groups: "groups/",
    record: "record/",
    settings: "settings/",
  },
  batch_requests: true,
  batch_size: 50,
  batch_flush_interval_ms: 5000,
  batch_autostart: true,
  persistence: "cookie",
  persistence_name: "",
  cookie_name: "",
  cookie_expiration: 365,
  cross_subdomain_cookie: true,
  cross_site_cookie: false,
  secure_cookie: false,
  cookie_domain: "",
  disable_persistence: false,
  disable_cookie: false,
  opt_out_tracking_by_default: false,
  opt_out_persistence_by_default: false,
  opt_out_tracking_persistence_type: "localStorage",
  opt_out_tracking_cookie_prefix: null,
  ignore_dnt: false,
  property_blacklist: [],
  track_pageview: false,
  autocapture: false,
  flags: false,
  track_marketing: true,
  skip_first_touch_marketing: false,
  stop_utm_persistence: false,
  save_referrer: true,
  track_links_timeout: 300,
  test: false,
  verbose: false,
  debug: false,
  ip: true,
  hooks: {},
  error_reporter: nothing,
  loaded: nothing,
  remote_settings_mode: "disabled",

  record_sessions_percent: 0,
  record_min_ms: 0,
  record_max_ms: 86_400_000,
  record_idle_timeout_ms: 1_800_000,
  record_block_class: "",
  record_block_selector: "",
  record_mask_all_text: undefined,
  record_mask_text_class: undefined,
  record_mask_text_selector: undefined,
  record_unmask_text_selector: undefined,
  record_mask_all_inputs: undefined,
  record_mask_inputs: true,
  record_mask_input_selector: undefined,
  record_unmask_input_selector: undefined,
  record_canvas: false,
  record_collect_fonts: false,
  record_console: true,
  record_network: false,
  record_network_options: {},
  record_heatmap_data: false,
  record_allowed_iframe_origins: [],
  recording_event_triggers: {},
  recorder_src: null,

  record_url_params: [],
  record_url_allow: undefined,
  record_url_block: undefined,
  record_flush_interval_ms: 5000,
  record_batch_bytes: 256 * 1024,
  record_checkpoint_ms: 120_000,
  record_mutation_budget: 10_000,
  record_node_mutation_budget: 3000,
  record_respect_reduced_data: false,
};

const NUMBERS: Partial<Record<keyof Config, [number, number]>> = {
  record_sessions_percent: [0, 100],
  record_min_ms: [0, 8000],
  record_max_ms: [1000, 86_400_000],
  record_idle_timeout_ms: [1000, 86_400_000],
  record_flush_interval_ms: [250, 600_000],
  record_batch_bytes: [1024, 16 * 1024 * 1024],
  record_checkpoint_ms: [1000, Infinity],
  record_mutation_budget: [10, Infinity],
  record_node_mutation_budget: [10, Infinity],
  batch_size: [1, 2000],
  batch_flush_interval_ms: [100, 600_000],
};

/** What an option falls back to when its value makes no sense: the stricter setting, not always the default. */
const STRICT: Partial<Record<keyof Config, unknown>> = {
  record_sessions_percent: 0,
  record_mask_all_text: true,
  record_mask_text_selector: undefined,
  record_unmask_text_selector: undefined,
  record_console: false,
  record_network: false,
  record_canvas: false,
  record_url_allow: [],
  record_url_block: "*",
  ignore_dnt: false,
  opt_out_tracking_by_default: true,
  disable_persistence: true,
};

const isSelector = (value: unknown): value is string | string[] =>
  typeof value === "string" || (Array.isArray(value) && value.every((v) => typeof v === "string"));

function wrong(key: keyof Config, value: unknown): string | null {
  const range = NUMBERS[key];
  if (range)
    return typeof value === "number" && value >= range[0] && value <= range[1]
      ? null
      : `must be a number from ${range[0]} to ${range[1]}`;
  if (key === "record_mask_all_text")
    return value === undefined || typeof value === "boolean" ? null : "must be true or false";
  if (/^record_url_(allow|block)$/.test(key))
    return isPages(value) ? null : "must be an address with * for anything, a RegExp, or a list of them";
  if (/_class$/.test(key))
    return value == null || typeof value === "string" || value instanceof RegExp
      ? null
      : "must be a string or RegExp";
  if (/_selector$/.test(key)) {
    if (value == null) return null;
    if (!isSelector(value)) return "must be a CSS selector or a list of them";
    const selector = ([] as string[]).concat(value).filter(Boolean).join(",");
    try {
      if (selector && typeof document !== "undefined")
        document.createDocumentFragment().querySelector(selector);
    } catch {
      return `is not a CSS selector: ${selector}`;
    }
    return null;
  }
  if (typeof DEFAULTS[key] === "boolean" && key !== "track_pageview" && typeof value !== "boolean")
    return "must be true or false";
  if (Array.isArray(DEFAULTS[key]) && !Array.isArray(value)) return "must be a list";
  if (typeof DEFAULTS[key] === "function" && typeof value !== "function") return "must be a function";
  return null;
}

/** Lays options over a configuration. Never throws; what is wrong is reported and replaced by the stricter setting. */
export function applyConfig(base: Config, options: unknown, report: (message: string) => void): Config {
  const config: Config = { ...base };
  if (options == null) return config;
  if (typeof options !== "object") {
    report("options must be an object");
    return config;
  }
  for (const [name, value] of Object.entries(options)) {
    const key = name as keyof Config;
    // An explicit undefined is how callers leave an option out.
    if (value === undefined) continue;
    const error = name in DEFAULTS ? wrong(key, value) : null;
    if (error) report(`option ${name} ${error}`);
    (config as unknown as Props)[name] = error ? (name in STRICT ? STRICT[key] : DEFAULTS[key]) : value;
    if (error && /^record_(mask|unmask|block)_/.test(name)) config.record_mask_all_text = true;
    if (error && /^record_block_/.test(name)) config.record_sessions_percent = 0;
  }
  config.api_routes = { ...DEFAULTS.api_routes, ...config.api_routes };
  config.api_host = String(config.api_host || "").replace(/\/+$/, "");
  return config;
}

/** Giving a mask selector at all, even an empty one, leaves mask-all, as in mixpanel-browser; `true` brings it back. */
export const maskMode = (config: Config): "text" | "input" =>
  config.record_mask_all_text === false ||
  (config.record_mask_all_text === undefined && config.record_mask_text_selector != null)
    ? "input"
    : "text";
