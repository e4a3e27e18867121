import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { applyConfig, DEFAULTS } from "../../src/config";
import { type RrwebEvent, Wall, type WallOptions } from "../../src/recorder/wall";
import { Where } from "../../src/recorder/where";

const SECRET = "CANARY";
const leaks = (value: unknown): boolean => JSON.stringify(value).includes(SECRET);
const nodes = new Map<number, Node>();

function wall(config: object = {}, more: Partial<WallOptions> = {}): Wall {
  globalThis.CSS ??= { escape: (s: string) => s } as never;
  const where = new Where(applyConfig(DEFAULTS, config, () => undefined));
  const text = where.all || "record_unmask_text_selector" in config;
  return new Wall({
    mode: text ? "text" : "input",
    allowedParams: [],
    canvas: false,
    fonts: false,
    node: (id) => nodes.get(id) ?? null,
    id: (node) => [...nodes].find(([, n]) => n === node)?.[0] ?? -1,
    masked: (node) => where.masked(node),
    all: where.all,
    ...more,
  });
}

const event = (type: number, data: unknown): RrwebEvent => ({ type, data, timestamp: 1 });
const text = (id: number, textContent: string): object => ({ type: 3, id, textContent });
const element = (id: number, tagName: string, attributes: object = {}, ...childNodes: object[]): object => ({
  type: 2,
  id,
  tagName,
  attributes,
  childNodes,
});
const snapshot = (...childNodes: object[]): RrwebEvent =>
  event(2, { node: { type: 0, id: 1, childNodes }, initialOffset: { top: 0, left: 0 } });
const mutation = (data: object): RrwebEvent =>
  event(3, { source: 0, texts: [], attributes: [], removes: [], adds: [], ...data });

beforeEach(() => {
  nodes.clear();
  document.body.innerHTML = "";
});

describe("with all text masked", () => {
  it("masks text, comments, scripts and noscript of a snapshot", () => {
    const out = wall().pass(
      snapshot(
        element(2, "p", { title: SECRET }, text(3, SECRET)),
        { type: 5, id: 4, textContent: SECRET },
        { type: 4, id: 5, textContent: SECRET },
        element(6, "script", {}, text(7, SECRET)),
        element(8, "noscript", {}, text(9, SECRET)),
        element(10, "title", {}, text(11, SECRET)),
      ),
    );
    expect(leaks(out)).toBe(false);
  });
  it("masks late texts, attributes and nodes, also of nodes it never saw", () => {
    const out = wall().pass(
      mutation({
        texts: [{ id: 99, value: SECRET }],
        attributes: [
          { id: 98, attributes: { title: SECRET, value: SECRET, href: `/?q=${SECRET}`, onclick: SECRET } },
        ],
        adds: [{ parentId: 97, nextId: null, node: element(96, "b", { alt: SECRET }, text(95, SECRET)) }],
      }),
    );
    expect(leaks(out)).toBe(false);
  });
  it("does not believe a text that calls itself a style", () => {
    const out = wall().pass(
      snapshot(element(2, "p", {}, { type: 3, id: 3, textContent: SECRET, isStyle: true })),
    );
    expect(leaks(out)).toBe(false);
  });
  it("keeps style sheets", () => {
    const out = wall().pass(
      snapshot(element(2, "style", {}, { type: 3, id: 3, textContent: "a{color:red}", isStyle: true })),
    );
    expect(JSON.stringify(out)).toContain("a{color:red}");
  });
  it("lets an input's change show once, not every key", () => {
    const w = wall();
    const type = (value: string): RrwebEvent | null =>
      w.pass(event(3, { source: 5, id: 7, text: value, isChecked: false, userTriggered: true }));
    expect((type("C")?.data as { text: string }).text).toBe("*****");
    expect(type("CA")).toBeNull();
    expect((type("")?.data as { text: string }).text).toBe("");
  });
  it("leaves of a blocked element its size", () => {
    const w = wall();
    const out = w.pass(
      snapshot(element(2, "div", { class: `x ${SECRET}`, rr_width: "10px", rr_height: "5px" })),
    );
    expect(JSON.stringify(out)).toContain(
      '"attributes":{"class":"rr-block","rr_width":"10px","rr_height":"5px"}',
    );
    const late = w.pass(mutation({ attributes: [{ id: 2, attributes: { title: SECRET, class: SECRET } }] }));
    expect(leaks(late)).toBe(false);
  });
  it("masks the page's address and refuses events it doesn't know", () => {
    const w = wall();
    expect(leaks(w.pass(event(4, { href: `https://a.b/?q=${SECRET}#${SECRET}`, width: 1, height: 1 })))).toBe(
      false,
    );
    for (const type of [5, 6, 7, 99]) expect(w.pass(event(type, { x: SECRET }))).toBeNull();
    for (const source of [9, 10, 11, 17, 99]) expect(w.pass(event(3, { source, x: SECRET }))).toBeNull();
  });
  it("lets no canary through whatever the tree", () => {
    const name = fc.constantFrom(
      "title",
      "alt",
      "value",
      "data-x",
      "aria-label",
      "href",
      "src",
      "content",
      "name",
      "onclick",
      "srcdoc",
      "label",
      "summary",
      "zzz",
    );
    const value = fc
      .constantFrom(SECRET, `x ${SECRET}`, `https://a.b/?k=${SECRET}`, `/p#${SECRET}`)
      .map(String);
    const tag = fc.constantFrom(
      "div",
      "p",
      "input",
      "textarea",
      "option",
      "select",
      "button",
      "svg",
      "meta",
      "iframe",
      "title",
      "x-y",
    );
    const { tree } = fc.letrec<{ tree: object }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(3, 4, 5).map((type) => ({ type, id: 50, textContent: SECRET })),
        fc
          .record({
            tag,
            attributes: fc.dictionary(name, value),
            children: fc.array(tie("tree"), { maxLength: 4 }),
          })
          .map(({ tag: t, attributes, children }) => {
            // A path is kept: a canary in a path is not for the wall to find.
            for (const key of ["href", "src"])
              if (attributes[key] && !/[?#]/.test(attributes[key])) attributes[key] = `/?${SECRET}`;
            return element(60, t, attributes, ...children);
          }),
      ),
    }));
    fc.assert(
      fc.property(tree, (node) => {
        const w = wall();
        return (
          !leaks(w.pass(snapshot(node))) &&
          !leaks(w.pass(mutation({ adds: [{ parentId: 1, nextId: null, node }] })))
        );
      }),
    );
  });
});

describe("with text clear", () => {
  function page(html: string): { p: Element; t: Node } {
    document.body.innerHTML = html;
    const p = document.body.querySelector("[data-it]")!;
    const t = p.firstChild!;
    nodes.set(2, p).set(3, t);
    return { p, t };
  }
  const config = { record_mask_text_selector: ".private" };
  const shot = (): RrwebEvent => snapshot(element(2, "p", { title: SECRET }, text(3, SECRET)));

  it("shows text outside the mask classes", () => {
    page(`<p data-it>${SECRET}</p>`);
    expect(leaks(wall(config).pass(shot()))).toBe(true);
  });
  it.each(["rr-mask", "mp-mask", "ph-mask", "fs-mask", "amp-mask", "private", "text.rr-mask"])(
    "masks .%s and below",
    (name) => {
      page(`<div class="${name}"><p data-it>${SECRET}</p></div>`);
      expect(leaks(wall(config).pass(shot()))).toBe(false);
    },
  );
  it("masks what can be typed into, and what is not in the page", () => {
    page(`<p contenteditable data-it>${SECRET}</p>`);
    expect(leaks(wall(config).pass(shot()))).toBe(false);
    nodes.clear();
    expect(leaks(wall(config).pass(shot()))).toBe(false);
    nodes.set(2, document.createElement("p")).set(3, document.createTextNode(SECRET));
    expect(leaks(wall(config).pass(shot()))).toBe(false);
  });
  it("looks across shadow roots", () => {
    document.body.innerHTML = '<div class="rr-mask" id="h"></div>';
    const root = document.getElementById("h")!.attachShadow({ mode: "open" });
    root.innerHTML = `<p>${SECRET}</p>`;
    nodes.set(2, root.firstChild!).set(3, root.firstChild!.firstChild!);
    expect(leaks(wall(config).pass(shot()))).toBe(false);
  });
  it("sends what becomes masked again, masked, and never makes it clear again", () => {
    const { p } = page(`<p data-it title="${SECRET}">${SECRET}</p>`);
    const w = wall(config);
    w.pass(shot());
    p.className = "rr-mask";
    const out = w.pass(mutation({ attributes: [{ id: 2, attributes: { class: "rr-mask" } }] }))!;
    expect((out.data as { texts: unknown }).texts).toEqual([{ id: 3, value: "******" }]);
    expect((out.data as { attributes: unknown }).attributes).toContainEqual({
      id: 2,
      attributes: { title: "******" },
    });
    p.className = "";
    expect(leaks(w.pass(mutation({ texts: [{ id: 3, value: SECRET }] })))).toBe(false);
    expect(leaks(w.pass(shot()))).toBe(false);
  });
  it("unmasks by selector only where all text is masked, nearest first", () => {
    page(`<div class="open"><p data-it>${SECRET}</p></div>`);
    expect(leaks(wall({ record_unmask_text_selector: ".open" }).pass(shot()))).toBe(true);
    page(`<div class="open"><div class="rr-mask"><p data-it>${SECRET}</p></div></div>`);
    expect(leaks(wall({ record_unmask_text_selector: ".open" }).pass(shot()))).toBe(false);
  });
});
