import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { applyConfig, DEFAULTS, maskMode } from "../../src/config";
import type { Rules } from "../../src/bridge";
import type { RrwebEvent } from "../../src/recorder/events";
import { Literals } from "../../src/recorder/css";
import { Wall, type WallOptions } from "../../src/recorder/wall";
import { Where } from "../../src/recorder/where";

const SECRET = "CANARY";
const leaks = (value: unknown): boolean => JSON.stringify(value).includes(SECRET);
const nodes = new Map<number, Node>();

const ids = new WeakMap<Node, number>();
let snapshots = 0;

function wall(config: object = {}, more: Partial<WallOptions> = {}, rules?: Rules): Wall {
  globalThis.CSS ??= { escape: (s: string) => s } as never;
  const applied = applyConfig(DEFAULTS, config, () => undefined);
  return new Wall({
    mode: maskMode(applied),
    allowedParams: [],
    canvas: false,
    fonts: false,
    where: new Where(applied, rules),
    node: (id) => nodes.get(id) ?? null,
    id: (node) => [...nodes].find(([, n]) => n === node)?.[0] ?? ids.get(node) ?? -1,
    resnapshot: () => snapshots++,
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
  snapshots = 0;
  document.head.innerHTML = "";
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
    document.head.innerHTML = "<style>a{color:red}</style>";
    nodes.set(3, document.head.firstChild!.firstChild!);
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

/** What rrweb makes of the live page; every node gets an id. */
let next = 100;
function live(node: Node): object {
  const id = ids.get(node) ?? next++;
  ids.set(node, id);
  nodes.set(id, node);
  if (node.nodeType === 3) return { type: 3, id, textContent: node.textContent };
  if (node.nodeType === 10) return { type: 1, id, name: "html", publicId: "", systemId: "" };
  if (node.nodeType === 8) return { type: 5, id, textContent: node.textContent };
  const shadow = (node as Element).shadowRoot;
  const children = [...node.childNodes, ...(shadow?.childNodes ?? [])].map(live);
  if (node.nodeType === 9) return { type: 0, id, childNodes: children };
  const el = node as Element;
  const attributes: Record<string, string> = {};
  for (const { name, value } of el.attributes) attributes[name] = value;
  return { type: 2, id, tagName: el.tagName.toLowerCase(), attributes, childNodes: children };
}
const page = (html: string): void => void (document.body.innerHTML = html);
const look = (): RrwebEvent => event(2, { node: live(document), initialOffset: { top: 0, left: 0 } });
const at = (selector: string): Element => document.querySelector(selector)!;
const id = (selector: string): number => ids.get(at(selector))!;
const idOfText = (selector: string): number => ids.get(at(selector).firstChild!)!;

describe("with text clear", () => {
  const config = { record_mask_text_selector: ".private" };

  it("shows text outside the mask classes", () => {
    page(`<p>${SECRET}</p>`);
    expect(leaks(wall(config).pass(look()))).toBe(true);
    expect(leaks(wall({ record_mask_all_text: false }).pass(look()))).toBe(true);
  });
  it.each([
    "rr-mask",
    "mp-mask",
    "ph-mask",
    "fs-mask",
    "amp-mask",
    "private",
    "text.rr-mask",
    "text.rr-mask b",
  ])("masks .%s and below", (name) => {
    page(`<div class="${name}"><p title="${SECRET}">${SECRET}</p></div>`);
    expect(leaks(wall(config).pass(look()))).toBe(false);
  });
  it("masks what can be typed into, and what is not in the page", () => {
    page(`<p contenteditable>${SECRET}</p><div role="textbox">${SECRET}</div>`);
    expect(leaks(wall(config).pass(look()))).toBe(false);
    page(`<p>${SECRET}</p>`);
    const shot = look();
    nodes.clear();
    expect(leaks(wall(config).pass(shot))).toBe(false);
  });
  it("looks across shadow roots and into frames", () => {
    page('<div class="rr-mask" id="h"></div><iframe class="rr-mask"></iframe>');
    const root = at("#h").attachShadow({ mode: "open" });
    root.innerHTML = `${SECRET}<p>${SECRET}</p>`;
    const w = wall(config);
    expect(leaks(w.pass(look()))).toBe(false);
    const inner = (at("iframe") as HTMLIFrameElement).contentDocument!;
    inner.body.innerHTML = `<p>${SECRET}</p>`;
    const add = { parentId: id("iframe"), nextId: null, node: live(inner) };
    expect(leaks(w.pass(mutation({ adds: [add], isAttachIframe: true })))).toBe(false);
  });
  it("sends what becomes masked again, masked, and never makes it clear again", () => {
    page(`<p title="${SECRET}">${SECRET}</p>`);
    const w = wall(config);
    w.pass(look());
    at("p").className = "rr-mask";
    const out = w.pass(mutation({ attributes: [{ id: id("p"), attributes: { class: "rr-mask" } }] }))!;
    expect((out.data as { texts: unknown }).texts).toEqual([{ id: idOfText("p"), value: "******" }]);
    expect((out.data as { attributes: unknown }).attributes).toContainEqual({
      id: id("p"),
      attributes: { title: "******" },
    });
    at("p").className = "";
    expect(leaks(w.pass(mutation({ texts: [{ id: idOfText("p"), value: SECRET }] })))).toBe(false);
    expect(leaks(w.pass(look()))).toBe(false);
  });
  it("masks by a selector that looks around when something around changes", () => {
    page(`<div id="a"><p>${SECRET}</p></div>`);
    const w = wall({ record_mask_text_selector: ".secret p" });
    expect(leaks(w.pass(look()))).toBe(true);
    at("#a").className = "secret";
    const out = w.pass(mutation({ attributes: [{ id: id("#a"), attributes: { class: "secret" } }] }))!;
    expect((out.data as { texts: unknown[] }).texts).toEqual([{ id: idOfText("p"), value: "******" }]);
  });
  it("never shows a field, a choice or a keystroke", () => {
    page(
      `<input value="${SECRET}"><textarea>${SECRET}</textarea><input type="radio" checked value="${SECRET}">` +
        `<select><option selected value="a">A</option></select><input type="password" id="p" value="${SECRET}">`,
    );
    const w = wall(config);
    const out = JSON.stringify(w.pass(look()));
    expect(out).not.toMatch(/CANARY|checked|selected/);
    expect(w.pass(event(3, { source: 5, id: id("[type=radio]"), text: "x", isChecked: true }))).toBeNull();
    // The eye button: first clear text, then even a button.
    for (const type of ["text", "button"]) {
      at("#p").setAttribute("type", type);
      expect(
        leaks(w.pass(mutation({ attributes: [{ id: id("#p"), attributes: { type, value: SECRET } }] }))),
      ).toBe(false);
      expect(leaks(w.pass(look()))).toBe(false);
    }
  });
  it("says of a field that was cleared that it is empty, and shows a filled number", () => {
    page(`<input id="a" value="${SECRET}"><input id="n" type="number" value="7">`);
    (at("#a") as HTMLInputElement).value = "";
    const w = wall(config);
    const [first, second] = find(w.pass(look()), (n) => n.tagName === "input");
    expect(first!.attributes).not.toHaveProperty("value");
    expect(second!.attributes).toMatchObject({ value: "*****", placeholder: "[****]" });
    w.pass(event(3, { source: 5, id: id("#n"), text: "", isChecked: false }));
    expect(w.more(1)?.data).toMatchObject({
      attributes: [{ id: id("#n"), attributes: { placeholder: "" } }],
    });
  });
  it("masks what looks like a secret wherever it stands", () => {
    const mail = `bob.${SECRET}@example.com`;
    page(
      `<p id="${mail}" class="${mail}" title="${mail}"><a href="/u/${mail}">${mail}</a></p><b style="--x: '${mail}'"></b>`,
    );
    const w = wall(config);
    expect(leaks(w.pass(look()))).toBe(false);
    for (const payload of [{ name: mail }, { message: mail, source: `https://a.b/${mail}` }])
      for (const tag of ["ph:event", "ph:error"])
        expect(leaks(w.pass(event(5, { tag, payload })))).toBe(false);
    const logged = {
      level: "log",
      payload: [mail, "token=CANARY1", "card 4111111111111111 CANARY2 1234567"],
    };
    const out = JSON.stringify(w.pass(event(6, { plugin: "rrweb/console@1", payload: logged })));
    expect(out).toContain("CANARY2");
    expect(out).not.toMatch(/CANARY@|CANARY1|4111|1234567/);
  });
});

describe("unmasking", () => {
  const open = { record_unmask_text_selector: ".open" };
  it.each([
    ["by selector", `<div class="open"><p>${SECRET}</p></div>`, true],
    ["not inside a mask", `<div class="open"><div class="rr-mask"><p>${SECRET}</p></div></div>`, false],
    ["inside a mask, nearest", `<div class="rr-mask"><div class="open"><p>${SECRET}</p></div></div>`, true],
    ["not where both are said", `<div class="open rr-mask"><p>${SECRET}</p></div>`, false],
    ["no field", `<div class="open"><input value="${SECRET}"><p contenteditable>${SECRET}</p></div>`, false],
  ])("%s", (_name, html, shown) => {
    page(html);
    expect(leaks(wall(open).pass(look()))).toBe(shown);
  });
  it("ends when the selector no longer matches", () => {
    page(`<div class="open"><p>${SECRET}</p></div>`);
    const w = wall(open);
    w.pass(look());
    at("div").className = "";
    const out = w.pass(mutation({ attributes: [{ id: id("div"), attributes: { class: "" } }] }))!;
    expect((out.data as { texts: unknown[] }).texts).toEqual([{ id: idOfText("p"), value: "******" }]);
    expect(leaks(w.pass(mutation({ texts: [{ id: idOfText("p"), value: SECRET }] })))).toBe(false);
  });
  it("means nothing where text is clear", () => {
    page(`<p class="rr-mask"><b class="open">${SECRET}</b></p>`);
    expect(leaks(wall({ ...open, record_mask_all_text: false }).pass(look()))).toBe(false);
  });
});

describe("rules of the project", () => {
  const rules = (more: Partial<Rules>): Rules => ({ version: "1", mask: [], block: [], ...more });
  it("mask, and nothing inside is clear again", () => {
    page(`<div id="s"><p class="open">${SECRET}</p></div>`);
    for (const config of [{ record_mask_all_text: false }, { record_unmask_text_selector: ".open" }])
      expect(leaks(wall(config, {}, rules({ mask: ["#s"] })).pass(look()))).toBe(false);
  });
  it("mask everything when this browser doesn't understand one", () => {
    page(`<p>${SECRET}</p>`);
    expect(
      leaks(wall({ record_mask_all_text: false }, {}, rules({ mask: ["p:not-a-thing("] })).pass(look())),
    ).toBe(false);
    expect(new Where(DEFAULTS, rules({ block: ["[["] })).broken).toBe(true);
  });
});

describe("blocking what is already shown", () => {
  it("asks for a snapshot and is silent about its inside", () => {
    page(`<div><p title="x">${SECRET}</p></div>`);
    const w = wall({ record_mask_all_text: false });
    w.pass(look());
    at("div").className = "rr-block";
    w.notice([{ type: "attributes", target: at("div"), attributeName: "class" } as never]);
    expect(snapshots).toBe(1);
    const out = w.pass(
      mutation({
        texts: [{ id: idOfText("p"), value: SECRET }],
        attributes: [{ id: id("p"), attributes: { title: SECRET } }],
        adds: [{ parentId: id("p"), nextId: null, node: text(999, SECRET) }],
      }),
    );
    expect(leaks(out)).toBe(false);
  });
  it("leaves a box only rrweb can make", () => {
    const fake = element(2, "div", { rr_width: SECRET, rr_height: "1px" });
    expect(leaks(wall().pass(snapshot(fake)))).toBe(false);
  });
});

describe("attributes that CSS selects on", () => {
  it("stay clear, also when the rule comes later", () => {
    page('<div data-plan="gold" data-theme="sea-green" data-user="CANARY" part="CANARY"></div>');
    document.head.innerHTML = '<style>@media all{[data-theme="sea-green"]{color:red}}</style>';
    const w = wall();
    const [div] = find(w.pass(look()), (n) => n.tagName === "div");
    expect(div!.attributes).toEqual({ "data-theme": "sea-green", part: "******" });
    const sheet = {
      source: 15,
      id: 1,
      styleIds: [1],
      styles: [{ styleId: 1, rules: [{ rule: "[data-plan=gold]{}", index: 0 }] }],
    };
    w.pass(event(3, sheet));
    expect(w.more(1)?.data).toMatchObject({
      attributes: [{ id: id("div"), attributes: { "data-plan": "gold" } }],
    });
    expect(w.more(1)).toBeNull();
  });
  it("show no more than what is selected on", () => {
    const literals = new Literals();
    literals.learn('[a^="icon-"],[b$=".pdf"],[c*="mid"],[d~="w"],[e="x"]{}::part(p){}');
    expect(literals.keep("a", "icon-CANARY")).toBe("icon-******");
    expect(literals.keep("b", "CANARY.pdf")).toBe("******.pdf");
    expect(literals.keep("c", "CANmidARY")).toBe("***mid***");
    expect(literals.keep("d", "CANARY w")).toBe("****** w");
    expect([literals.keep("e", "x"), literals.keep("e", "xy"), literals.keep("part", "p")]).toEqual([
      "x",
      undefined,
      "p",
    ]);
  });
});

describe("every kind of event", () => {
  it("is built anew, field by field", () => {
    const spoil = (data: object): object => ({ ...data, note: SECRET, deep: { x: [SECRET] } });
    const w = wall({}, { canvas: true, fonts: true });
    const image = {
      rr_type: "ImageBitmap",
      args: [{ rr_type: "Blob", data: [{ rr_type: "ArrayBuffer", base64: "AA==" }], type: "image/webp" }],
    };
    const all: object[] = [
      { source: 1, positions: [spoil({ x: 1, y: 2, id: 3, timeOffset: -4 })] },
      { source: 2, type: 2, id: 3, x: 1, y: 1, pointerType: 0 },
      { source: 3, id: 1, x: 0, y: 5 },
      { source: 4, width: 5, height: 6 },
      { source: 7, id: 1, type: 0, currentTime: 1, volume: 1, muted: false, playbackRate: 1 },
      {
        source: 8,
        id: 3,
        adds: [spoil({ rule: `a{content:"${SECRET}"}`, index: [0, 1] })],
        removes: [spoil({ index: 1 })],
      },
      { source: 8, id: 3, replaceSync: `a::before{content:'${SECRET}'}/*${SECRET}*/` },
      {
        source: 9,
        id: 3,
        type: 0,
        commands: [
          { property: "clearRect", args: [0, 0, 1, 1] },
          { property: "drawImage", args: [image, 0, 0, SECRET] },
        ],
      },
      { source: 10, family: "F", fontSource: "url(/f.woff2)", buffer: false, descriptors: { x: SECRET } },
      { source: 13, id: 3, index: [0], set: spoil({ property: "--n", value: SECRET, priority: "" }) },
      { source: 14, ranges: [spoil({ start: 1, startOffset: 0, end: 2, endOffset: 3 })] },
      {
        source: 15,
        id: 1,
        styleIds: [1, SECRET],
        styles: [spoil({ styleId: 1, rules: [spoil({ rule: "a{}", index: 0 })] })],
      },
      { source: 16, define: spoil({ name: "x-box" }) },
    ];
    for (const data of all) {
      const out = w.pass(event(3, spoil(data)));
      expect(out, JSON.stringify(data)).not.toBeNull();
      expect(leaks(out), JSON.stringify(out)).toBe(false);
    }
    for (const data of [
      { source: 9, id: 3, type: 0, commands: [{ property: "fillText", args: [SECRET, 1, 1] }] },
      { source: 9, id: 3, type: 0, property: "fillText", args: [SECRET] },
      { source: 16, define: { name: `${SECRET} x` } },
    ])
      expect(w.pass(event(3, data))).toBeNull();
    expect(leaks(w.pass(event(0, { x: SECRET })))).toBe(false);
    expect(
      leaks(w.pass(snapshot({ type: 1, id: 2, name: SECRET, publicId: SECRET, systemId: SECRET }))),
    ).toBe(false);
  });
  it("of console and network carries known fields only", () => {
    const w = wall();
    const request = {
      url: `https://a.b/p?q=${SECRET}`,
      method: SECRET,
      requestHeaders: { a: SECRET },
      requestBody: SECRET,
      status: 200,
      initiatorType: "fetch",
    };
    const out = w.pass(event(6, { plugin: "rrweb/network@1", payload: { requests: [request] }, x: SECRET }));
    expect((out?.data as { payload: unknown }).payload).toEqual({
      requests: [{ url: "https://a.b/p?q=*", status: 200, initiatorType: "fetch" }],
    });
    expect(
      leaks(
        w.pass(
          event(6, {
            plugin: "rrweb/console@1",
            payload: { level: SECRET, trace: [SECRET], payload: [SECRET] },
          }),
        ),
      ),
    ).toBe(false);
    expect(w.pass(event(6, { plugin: "other", payload: SECRET }))).toBeNull();
    expect(w.pass(event(5, { tag: "other", payload: { x: SECRET } }))).toBeNull();
    expect(
      leaks(
        w.pass(event(5, { tag: "ph:page", payload: { href: `/?${SECRET}`, title: SECRET, kind: SECRET } })),
      ),
    ).toBe(false);
  });
});

describe("whatever the page, no canary passes", () => {
  const name = fc.constantFrom(
    ..."title alt value data-x data-CANARY aria-label href src content name onclick srcdoc label role type lang style part slot is for form".split(
      " ",
    ),
    ..."placeholder data-state aria-expanded width d fill viewbox rel media sizes srcset checked selected poster action cite color CANARY".split(
      " ",
    ),
  );
  const value = fc.constantFrom(
    SECRET,
    `x ${SECRET}`,
    `/?k=${SECRET}`,
    `open ${SECRET}`,
    `--a:${SECRET};x:"${SECRET}"`,
    `1${SECRET}`,
    `data:text/html,${SECRET}`,
    `javascript:${SECRET}`,
  );
  const tag = fc.constantFrom(
    ..."div p input textarea option select button meta iframe title x-y a img video link label li progress details dialog canary template noscript".split(
      " ",
    ),
  );
  const masked = fc.constantFrom("rr-mask", "a.rr-mask", "mp-mask x", "private");
  interface Tree {
    tag: string;
    attributes: [string, string][];
    children: Tree[];
    kind: "text" | "comment" | "element" | "shadow";
  }
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Tree>(
        ...(["text", "comment"] as const).map((kind) => ({ tag: "", attributes: [], children: [], kind })),
      ),
      fc.record({
        tag,
        attributes: fc.array(fc.tuple(name, value), { maxLength: 4 }),
        children: fc.array(tie("tree"), { maxLength: 3 }),
        kind: fc.constantFrom("element" as const, "element" as const, "shadow" as const),
      }),
    ),
  }));
  /** A path is kept: a canary in a path is not for the wall to find. */
  const inPath = /^(href|src|srcset|poster|action|cite)$/;
  const build = ({ tag: t, attributes, children, kind }: Tree): Node => {
    if (kind === "text") return document.createTextNode(SECRET);
    if (kind === "comment") return document.createComment(SECRET);
    const el = document.createElement(t);
    for (const [n, v] of attributes) if (!inPath.test(n) || v.includes("?")) el.setAttribute(n, v);
    const host = kind === "shadow" && t === "div" ? el.attachShadow({ mode: "open" }) : el;
    host.append(...children.map(build));
    return el;
  };
  const never = (config: object, inside: string) => (one: Tree, later: Tree, word: string) => {
    nodes.clear();
    page(`<div id="in" class="${inside}"></div>`);
    at("#in").append(build(one));
    const w = wall(config);
    if (leaks(w.pass(look()))) return false;
    const added = build(later);
    at("#in").append(added);
    const add = { parentId: id("#in"), nextId: null, node: live(added) };
    if (leaks(w.pass(mutation({ adds: [add] })))) return false;
    const attributes = [...nodes]
      .filter(([, n]) => n instanceof Element && at("#in") !== n && at("#in").contains(n))
      .map(([i]) => ({
        id: i,
        attributes: { title: word, "data-x": word, value: word, [word]: word, style: { "--x": word } },
      }));
    const texts = [...nodes]
      .filter(([, n]) => n.nodeType === 3 && at("#in").contains(n))
      .map(([i]) => ({ id: i, value: word }));
    return !leaks(w.pass(mutation({ attributes, texts }))) && !leaks(w.more(1));
  };
  const word = fc.constantFrom(SECRET, `a ${SECRET}`);
  it("with all text masked", () => {
    fc.assert(fc.property(tree, tree, word, never({}, "")), { numRuns: 150 });
  });
  it("with text clear, inside what is masked", () => {
    const config = { record_mask_text_selector: ".private" };
    fc.assert(
      fc.property(masked, tree, tree, word, (m, one, two, w) => never(config, m)(one, two, w)),
      { numRuns: 150 },
    );
  });
});

interface Out {
  tagName?: string;
  attributes?: object;
  childNodes?: Out[];
}
function find(out: RrwebEvent | null, test: (node: Out) => boolean): Out[] {
  const all: Out[] = [];
  const visit = (node: Out): void => {
    if (test(node)) all.push(node);
    node.childNodes?.forEach(visit);
  };
  visit((out!.data as { node: Out }).node);
  return all;
}
