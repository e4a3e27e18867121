import { describe, expect, it } from "vitest";
import { applyConfig, type Config, DEFAULTS, maskMode } from "../../src/config";
import { matchesPage, recordable } from "../../src/pages";
import { NO_RULES, readRules } from "../../src/rules";

describe("which pages are recorded", () => {
  const on = "https://shop.example/account/orders?id=7#top";
  it.each([
    ["/account/*", true],
    ["/account", false],
    ["/account/orders", true],
    ["/account/orders?id=7", true],
    ["/account/orders?id=*", true],
    ["https://shop.example/account/*", true],
    ["*/orders", true],
    ["*#top", true],
    ["*", true],
    ["/ACCOUNT/*", false],
    ["/account.orders", false],
    [/orders/, true],
    [/^\/account/, true],
    [/checkout/, false],
  ])("%s", (pattern, expected) => expect(matchesPage(on, [pattern])).toBe(expected));

  it("is not fooled by percent signs", () =>
    expect(matchesPage("https://a.b/%61ccount/x", ["/account/*"])).toBe(true));
  it("does not forget every second time what a global RegExp said", () => {
    const pattern = /orders/g;
    expect([1, 2, 3].map(() => matchesPage(on, [pattern]))).toEqual([true, true, true]);
  });
  it("blocks before it allows, and allows only what is allowed", () => {
    expect(recordable(on, undefined, undefined)).toBe(true);
    expect(recordable(on, ["/account/*"], "/account/orders")).toBe(false);
    expect(recordable(on, "/shop/*", undefined)).toBe(false);
    expect(recordable(on, [], undefined)).toBe(false);
    expect(recordable(on, /account/, [])).toBe(true);
  });
});

describe("a wrong option", () => {
  const apply = (options: object): [Config, string[]] => {
    const said: string[] = [];
    return [applyConfig(DEFAULTS, options, (message) => said.push(message)), said];
  };
  it.each([7, {}, [""], [null], true])("of pages (%j) records none", (value) => {
    for (const name of ["record_url_allow", "record_url_block"]) {
      const [config, said] = apply({ [name]: value });
      expect(said).toHaveLength(1);
      expect(recordable("https://a.b/", config.record_url_allow, config.record_url_block)).toBe(false);
    }
  });
  it.each([
    ["record_mask_all_text", "no"],
    ["record_mask_text_selector", "[["],
    ["record_mask_text_class", 7],
    ["record_unmask_text_selector", "]"],
    ["record_block_selector", {}],
  ])("%s: %j masks all text", (name, value) => {
    const [config, said] = apply({ record_mask_all_text: false, [name]: value });
    expect(said).toHaveLength(1);
    expect(maskMode(config)).toBe("text");
    expect(config.record_unmask_text_selector).toBeUndefined();
  });
  it("of consent is an opt-out", () =>
    expect(apply({ opt_out_tracking_by_default: "yes" })[0].opt_out_tracking_by_default).toBe(true));
});

describe("rules from outside", () => {
  it("are read when they are rules", () => {
    const rules = { version: "a1", mask: [".x", ""], block: ["#y"] };
    expect(readRules(rules)).toEqual({ version: "a1", mask: [".x"], block: ["#y"] });
    expect(readRules({ ...NO_RULES })).toEqual(NO_RULES);
  });
  it.each([
    null,
    [],
    "x",
    {},
    { version: 1, mask: [], block: [] },
    { version: "1", mask: [7], block: [] },
    { version: "1", mask: [] },
  ])("are left when they are %j", (said) => expect(readRules(said)).toBeNull());
});
