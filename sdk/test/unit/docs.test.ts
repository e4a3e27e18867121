import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/config";
import { Flags } from "../../src/flags";
import { Group, People } from "../../src/people";
import { Playhead } from "../../src/playhead";

const page = readFileSync("../docs/sdk.md", "utf8");
const source = readFileSync("src/playhead.ts", "utf8");
const methods = (of: { prototype: object }): string[] =>
  Object.getOwnPropertyNames(of.prototype).filter((name) => name !== "constructor" && name !== "toString");

describe("the documentation names", () => {
  it.each(Object.keys(DEFAULTS))("option %s", (name) => expect(page).toContain(`\`${name}\``));
  it.each(methods(Playhead).filter((name) => !new RegExp(`private (async |get )?${name}\\b`).test(source)))(
    "method %s",
    (name) => expect(page).toMatch(new RegExp(`\`${name}\\b`)),
  );
  it.each(methods(People).map((name) => `people.${name}`))("%s", (name) => expect(page).toContain(name));
  it.each(
    methods(Flags)
      .filter((name) => name !== "none")
      .map((name) => `flags.${name}`),
  )("%s", (name) => expect(page).toContain(name));
  it.each(methods(Group))("group method %s", (name) => expect(page).toContain(`\`${name}\``));
});
