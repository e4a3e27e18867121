/** Super properties and identity, in a cookie or in localStorage, as mixpanel-browser keeps them. */
import type { Config } from "./config";
import { campaign, CLICK_IDS, hostOf } from "./properties";
import { type Dict, readJson, safely, storageOf, writeJson } from "./util";

/** Our own keys beside the super properties; never sent. */
const PRIVATE = ["__timers", "__alias", "__groups"];

/** The widest domain a cookie may be set on. `co.uk` and its kind are refused by the browser, so it is tried. */
function cookieDomain(config: Config): string {
  if (config.cookie_domain) return `; domain=${config.cookie_domain}`;
  if (!config.cross_subdomain_cookie || !/[a-z]/i.test(location.hostname)) return "";
  const parts = location.hostname.split(".");
  for (let n = 2; n <= parts.length; n++) {
    const domain = `; domain=.${parts.slice(-n).join(".")}`;
    document.cookie = `__ph_probe=1; path=/${domain}`;
    if (/__ph_probe=1/.test(document.cookie)) {
      document.cookie = `__ph_probe=; path=/; max-age=0${domain}`;
      return domain;
    }
  }
  return "";
}

export class Persistence {
  props: Dict = {};
  disabled: boolean;
  private readonly name: string;
  private days: number;
  private domain: string | undefined;

  constructor(
    private readonly config: Config,
    token: string,
  ) {
    const given = config.persistence_name || config.cookie_name;
    this.name = given ? `mp_${given}` : `mp_${token}_playhead`;
    this.days = config.cookie_expiration;
    this.disabled = config.disable_persistence || config.disable_cookie;
    this.load();
  }

  private get local(): Storage | null {
    return this.config.persistence === "localStorage" ? storageOf("localStorage") : null;
  }

  load(): void {
    if (this.disabled) return;
    const read = this.local
      ? readJson<Dict>(this.local, this.name)
      : safely(() => {
          const found = document.cookie.split("; ").find((c) => c.startsWith(`${this.name}=`));
          return found ? (JSON.parse(decodeURIComponent(found.slice(this.name.length + 1))) as Dict) : null;
        });
    if (read && typeof read === "object") this.props = read;
  }

  save(): void {
    if (this.disabled) return;
    if (this.local) writeJson(this.local, this.name, this.props);
    else this.cookie(encodeURIComponent(JSON.stringify(this.props)), this.days * 86_400);
  }

  clear(): void {
    if (this.local) safely(() => this.local?.removeItem(this.name));
    else this.cookie("", 0);
  }

  private cookie(value: string, age: number): void {
    safely(() => {
      this.domain ??= cookieDomain(this.config);
      const lasting = age || !value ? `; max-age=${age}` : "";
      const site = this.config.cross_site_cookie ? "; SameSite=None; Secure" : "";
      const secure = this.config.secure_cookie && !site ? "; Secure" : "";
      document.cookie = `${this.name}=${value}; path=/${lasting}${this.domain}${site}${secure}`;
    });
  }

  /** Super properties as they go onto an event. */
  superProperties(): Dict {
    const out: Dict = {};
    for (const key in this.props) if (!PRIVATE.includes(key)) out[key] = this.props[key];
    return out;
  }

  register(props: Dict, days?: number): void {
    if (days !== undefined) this.days = days;
    Object.assign(this.props, props);
    this.save();
  }

  registerOnce(props: Dict, fallback: unknown, days?: number): void {
    if (days !== undefined) this.days = days;
    for (const key in props)
      if (!(key in this.props) || this.props[key] === fallback) this.props[key] = props[key];
    this.save();
  }

  unregister(key: string): void {
    if (!(key in this.props)) return;
    delete this.props[key];
    this.save();
  }

  setTimer(event: string, time: number): void {
    const timers = (this.props.__timers ??= {}) as Record<string, number>;
    timers[event] = time;
    this.save();
  }

  takeTimer(event: string): number | undefined {
    const timers = this.props.__timers as Record<string, number> | undefined;
    const time = timers?.[event];
    if (timers && time !== undefined) {
      delete timers[event];
      this.save();
    }
    return time;
  }

  updateReferrer(referrer: string): void {
    this.registerOnce(
      {
        $initial_referrer: referrer || "$direct",
        $initial_referring_domain: hostOf(referrer) || "$direct",
      },
      "",
    );
  }

  /** Campaign parameters of this page; returns them with `initial_` names for the profile's first touch. */
  updateCampaign(query: string): Dict {
    const found = campaign(query);
    const first: Dict = {};
    for (const key in found) first[`initial_${key}`] = found[key];
    if (!this.config.stop_utm_persistence) {
      const last: Dict = {};
      for (const key in found) if (!CLICK_IDS.includes(key)) last[key] = found[key];
      if (Object.keys(last).length) this.register(last);
    }
    return first;
  }
}
