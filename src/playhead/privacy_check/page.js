// Runs in every page of a check before the page's own scripts. Remembers which rrweb id the recorder gave each node (every
// recorder built on rrweb keeps that in a WeakMap), reads what the page shows, and finds its
// fields. Of the page it changes nothing but requests that outlive it: those are told here instead of sent.
(() => {
  const NAME = "__playheadPrivacyCheck";
  if (window[NAME]) return;
  const remember = WeakMap.prototype.set;
  const recall = WeakMap.prototype.get;
  const ids = new WeakMap();
  const roots = new WeakMap();
  const keys = new WeakMap();
  const MAX_PLACES = 30000;
  const MAX_VALUE = 4000;
  let nextKey = 1;

  WeakMap.prototype.set = function set(key, value) {
    if (value && typeof value.id === "number" && typeof value.type === "number" && value.id > 0 && typeof key?.nodeType === "number") {
      const known = recall.call(ids, key);
      if (!known) remember.call(ids, key, [value.id]);
      else if (!known.includes(value.id)) known.push(value.id);
    }
    return remember.call(this, key, value);
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(init) {
    const root = attach.call(this, init);
    remember.call(roots, this, root);
    return root;
  };

  // Beacons and keepalive requests are carried on by the browser when the page goes, past every interception. So they are told
  // to the check by a call, and sent only where that was asked for.
  const routes = /\/(record|track|engage|groups)\/?$/;
  const blobs = new WeakMap();
  const forward = window.__playheadPrivacyCheckForward === true;
  const NativeBlob = window.Blob;
  window.Blob = class Blob extends NativeBlob {
    constructor(parts = [], options) {
      super(parts, options);
      remember.call(blobs, this, [...parts]);
    }
  };
  const bytes = (text) => [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte)).join("");
  function readable(body) {
    if (body == null) return "";
    if (typeof body === "string") return bytes(body);
    if (body instanceof URLSearchParams) return bytes(String(body));
    if (body instanceof NativeBlob) return (recall.call(blobs, body) ?? []).map(readable).join("");
    const view = ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : body instanceof ArrayBuffer ? new Uint8Array(body) : [];
    return Array.from(view, (byte) => String.fromCharCode(byte)).join("");
  }
  function told(url, body) {
    const whole = new URL(url, location.href);
    if (!routes.test(whole.pathname)) return false;
    window.__playheadPrivacyCheckParting?.(whole.href, "POST", readable(body));
    return true;
  }
  const beacon = navigator.sendBeacon;
  navigator.sendBeacon = function sendBeacon(url, body) {
    return told(url, body) && !forward ? true : beacon.call(navigator, url, body);
  };
  const request = window.fetch;
  window.fetch = function fetch(input, init) {
    const lasting = init?.keepalive && String(init.method).toUpperCase() === "POST" && !(input instanceof Request);
    if (lasting && told(input, init.body) && !forward)
      return Promise.resolve(new Response('{"code":200,"status":"OK","recording":"ok","live":true}', { headers: { "Content-Type": "application/json" } }));
    return request.apply(this, arguments);
  };

  // Requests of a worker escape interception when the worker ends with its page. So workers made from text hand the recorder's
  // requests to their page, which makes them in their place.
  const sources = new Map();
  const createUrl = URL.createObjectURL;
  URL.createObjectURL = function createObjectURL(object) {
    const url = createUrl.call(URL, object);
    const parts = object instanceof NativeBlob ? recall.call(blobs, object) : null;
    if (parts?.every((part) => typeof part === "string")) sources.set(url, parts.join(""));
    return url;
  };
  const inWorker = (channelName, route) => {
    const channel = new BroadcastChannel(channelName);
    const own = self.fetch;
    const waiting = new Map();
    channel.onmessage = ({ data }) => {
      if (!data.answer) return;
      const done = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.answer === "failed") done?.reject(new TypeError("Failed to fetch"));
      else done?.resolve(new Response(data.text, { status: data.status, headers: data.headers }));
    };
    self.fetch = async (url, init = {}) => {
      if (typeof url !== "string" || !route.test(url.split(/[?#]/)[0])) return own(url, init);
      const body = await new Response(init.body).blob();
      const id = Math.random();
      const { method, credentials, referrerPolicy } = init;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        channel.postMessage({ id, url, init: { method, credentials, referrerPolicy, headers: [...new Headers(init.headers)] }, body });
      });
    };
  };
  const NativeWorker = window.Worker;
  if (NativeWorker)
    window.Worker = class Worker extends NativeWorker {
      constructor(url, options) {
        const source = sources.get(String(url));
        if (source === undefined) return super(url, options);
        const name = `playhead-privacy-check-${Math.random()}`;
        const channel = new BroadcastChannel(name);
        channel.onmessage = async ({ data }) => {
          if (data.answer) return;
          try {
            const answer = await request.call(window, data.url, { ...data.init, body: data.body });
            const answered = { status: answer.status, headers: [...answer.headers], text: await answer.text() };
            channel.postMessage({ id: data.id, answer: "came", ...answered });
          } catch {
            channel.postMessage({ id: data.id, answer: "failed" });
          }
        };
        super(createUrl.call(URL, new NativeBlob([`(${inWorker})(${JSON.stringify(name)}, ${routes});`, source])), options);
      }
    };

  const idsOf = (node) => recall.call(ids, node) ?? [];
  const rootOf = (element) => element.shadowRoot ?? recall.call(roots, element) ?? null;
  const keyOf = (node) => {
    let key = recall.call(keys, node);
    if (!key) remember.call(keys, node, (key = nextKey++));
    return key;
  };
  const matches = (element, selector) => {
    try {
      return selector !== "" && element.matches(selector);
    } catch {
      return false;
    }
  };
  const hasClass = (element, pattern) => !!pattern && [...element.classList].some((name) => new RegExp(pattern).test(name));

  /** The shortest selector that finds this element alone within its document or shadow root. */
  function selectorOf(element, root) {
    const unique = (selector) => {
      try {
        return root.querySelectorAll(selector).length === 1;
      } catch {
        return false;
      }
    };
    const own = (one) => {
      if (one.id && unique(`#${CSS.escape(one.id)}`)) return `#${CSS.escape(one.id)}`;
      const tag = one.localName;
      const name = one.getAttribute("name");
      if (name && unique(`${tag}[name="${CSS.escape(name)}"]`)) return `${tag}[name="${CSS.escape(name)}"]`;
      
      return null;
    };
    const parts = [];
    for (let at = element; at; at = at.parentElement) {
      const short = own(at);
      if (short) return [short, ...parts].join(" > ");
      const tag = CSS.escape(at.localName);
      const same = [...(at.parentNode?.children ?? [])].filter((other) => other.localName === at.localName);
      parts.unshift(same.length > 1 ? `${tag}:nth-of-type(${same.indexOf(at) + 1})` : tag);
      const path = parts.join(" > ");
      if (unique(path)) return path;
    }
    return parts.join(" > ");
  }

  const FIELDS = new Set(["input", "textarea", "select"]);
  const BUTTONS = new Set(["button", "submit", "reset", "image"]);

  /** Attribute values that a style sheet of the page selects on: `name=value`. */
  function literals(scope, into) {
    const sheets = [...(scope.styleSheets ?? []), ...(scope.adoptedStyleSheets ?? [])];
    for (const sheet of sheets) {
      let text = "";
      try {
        text = [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
      } catch {
        continue;
      }
      for (const [, name, value] of text.matchAll(/\[\s*([\w:-]+)\s*[~|^$*]?=\s*["']?([^"'\]]+?)["']?\s*[is]?\s*\]/g)) into.add(`${name}=${value}`);
    }
  }

  function read(rules) {
    const found = [];
    const styled = new Set();
    const skipped = { crossOriginFrames: [], pictures: 0, videos: 0, canvases: 0, closedRoots: 0, tooMany: false };
    const say = (node, element, at, kind, name, value) => {
      if (value === "" || value == null || !/\S/.test(value)) return;
      if (found.length >= MAX_PLACES) return void (skipped.tooMany = true);
      found.push({
        key: keyOf(node),
        ids: idsOf(node),
        near: at.near,
        selector: at.prefix + (element ? selectorOf(element, element.getRootNode()) : ""),
        tag: element?.localName ?? "",
        input: element?.localName === "input" ? element.type : (element?.localName === "meta" ? (element.name || "") : ""),
        kind,
        name,
        value: String(value).slice(0, MAX_VALUE),
        field: at.field,
        rule: at.rule,
        blocked: at.blocked,
        rect: element ? rectOf(element, at) : null,
      });
    };
    const rectOf = (element, at) => {
      const target = element.localName === "option" ? element.closest("select") ?? element : element;
      const box = target.getBoundingClientRect();
      const left = box.left + at.dx;
      const top = box.top + at.dy;
      const seen = target.checkVisibility ? target.checkVisibility({ opacityProperty: true, visibilityProperty: true }) : true;
      if (!seen || box.width < 2 || box.height < 2 || left + box.width <= 0 || top + box.height <= 0) return null;
      return [left, top, box.width, box.height].map(Math.round);
    };

    const text = (node, at) => {
      const parent = node.parentElement;
      const tag = parent?.localName;
      if (tag === "script" || tag === "style") return;
      say(node, parent ?? at.host, at, "text", "", node.nodeValue);
    };

    const element = (node, from) => {
      const tag = node.localName;
      const at = { ...from, field: from.field };
      if (matches(node, rules.mask) || hasClass(node, rules.maskClass)) at.rule = "mask";
      else if (matches(node, rules.unmask)) at.rule = "unmask"; // The nearest decides.
      if (matches(node, rules.block) || hasClass(node, rules.blockClass)) at.blocked = true;
      if (node.isContentEditable) at.field = true;
      if (tag === "img" || tag === "picture") skipped.pictures += tag === "img" ? 1 : 0;
      if (tag === "video") skipped.videos++;
      if (tag === "canvas") skipped.canvases++;
      if (tag === "style") return;
      const isField = FIELDS.has(tag);
      for (const { name, value } of [...node.attributes]) {
        if (/^(class|id|style|nonce|integrity)$|^on/i.test(name)) continue;
        if (isField && name === "value" && !(tag === "input" && BUTTONS.has(node.type))) {
          say(node, node, { ...at, field: true }, "attribute", name, value);
          continue;
        }
        say(node, node, { ...at, field: false }, "attribute", name, value);
      }
      if (isField && !(tag === "input" && /^(checkbox|radio|button|submit|reset|image)$/.test(node.type))) {
        const values = tag === "input" && node.type === "file" ? [...(node.files ?? [])].map((file) => file.name) : [node.value];
        for (const value of values) say(node, node, { ...at, field: true }, "value", "value", value);
      }
      const inside = { ...at, near: idsOf(node).length ? idsOf(node) : at.near };
      if (tag === "script") return;
      if (tag === "template") {
        const within = (one) => {
          if (one.nodeType === 3) say(one, node, inside, "template", "", one.nodeValue);
          else one.childNodes.forEach(within);
        };
        within(node.content);
        return;
      }
      if (tag === "textarea") inside.field = true;
      const root = rootOf(node);
      if (root) {
        if (!node.shadowRoot) skipped.closedRoots++;
        literals(root, styled);
        const within = { ...inside, host: node, prefix: `${at.prefix}${selectorOf(node, node.getRootNode())} >>> ` };
        root.childNodes.forEach((child) => visit(child, within));
      }
      if (tag === "iframe" || tag === "frame") {
        let inner = null;
        try {
          inner = node.contentDocument;
        } catch {}
        if (!inner) skipped.crossOriginFrames.push(node.src || "about:blank");
        else {
          const box = node.getBoundingClientRect();
          const prefix = `${at.prefix}${selectorOf(node, node.getRootNode())} >>> `;
          literals(inner, styled);
          visit(inner, { ...inside, prefix, dx: at.dx + box.left + node.clientLeft, dy: at.dy + box.top + node.clientTop });
        }
        return;
      }
      node.childNodes.forEach((child) => visit(child, inside));
    };

    function visit(node, at) {
      switch (node.nodeType) {
        case 1:
          return element(node, at);
        case 3:
          return text(node, at);
        case 8:
          return say(node, node.parentElement, at, "comment", "", node.nodeValue);
        case 9:
        case 11: {
          const inside = { ...at, near: idsOf(node).length ? idsOf(node) : at.near };
          return node.childNodes.forEach((child) => visit(child, inside));
        }
      }
    }

    literals(document, styled);
    visit(document, { near: [], prefix: "", rule: "", field: false, blocked: false, dx: scrollX, dy: scrollY, host: null });
    return { address: location.href, origin: performance.timeOrigin, now: Date.now(), title: document.title, places: found, styled: [...styled], skipped };
  }

  /** Every field of the page that has not been filled yet, shadow roots and same-origin frames included. */
  const filled = new WeakSet();
  function fields() {
    const found = [];
    const visit = (scope) => {
      for (const one of scope.querySelectorAll("*")) {
        const tag = one.localName;
        const editable = one.isContentEditable && !one.parentElement?.isContentEditable;
        if (!filled.has(one) && (editable || FIELDS.has(tag)) && !(tag === "input" && (BUTTONS.has(one.type) || one.type === "hidden"))) found.push(one);
        const root = rootOf(one);
        if (root) visit(root);
        if (tag === "iframe" || tag === "frame") {
          try {
            if (one.contentDocument) visit(one.contentDocument);
          } catch {}
        }
      }
    };
    visit(document);
    return found;
  }

  const settle = (one) => {
    const view = one.ownerDocument.defaultView;
    one.dispatchEvent(new view.Event("input", { bubbles: true, composed: true }));
    one.dispatchEvent(new view.Event("change", { bubbles: true }));
  };
  const setValue = (one, value) => {
    const view = one.ownerDocument.defaultView;
    const kind = { textarea: view.HTMLTextAreaElement, select: view.HTMLSelectElement }[one.localName] ?? view.HTMLInputElement;
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(one, value);
    settle(one);
  };
  const numeric = (one) =>
    /^(number|tel)$/.test(one.type) || /^(numeric|decimal|tel)$/.test(one.inputMode) || /^(cc-(number|csc|exp)|tel|one-time-code)/.test(one.autocomplete ?? "");

  // What fields held before their canary that belong to no form, or search: filters, which change what the page shows.
  const before = [];

  /** Puts filters back, so that the steps find the page they were written for. */
  function restore() {
    for (const [one, checked, value, inner] of before.splice(0)) {
      if (one.isContentEditable && !FIELDS.has(one.localName)) {
        one.innerHTML = inner;
        settle(one);
      } else if (one.type === "checkbox" || one.type === "radio") {
        if (one.checked !== checked) one.click();
      } else if (one.type === "file" ? one.value : one.value !== value) setValue(one, one.type === "file" ? "" : value);
    }
  }

  /**
   * Prepares a field for its canary. Answers how it takes it: "keys" (it has the focus, type), "done" (was set here), or why
   * it takes none.
   */
  function prepare(one, canary) {
    filled.add(one);
    const tag = one.localName;
    if (!one.form || one.type === "search" || one.form.matches("[role=search]")) before.push([one, one.checked, one.value, one.innerHTML]);
    if (one.disabled || one.readOnly) return { how: "skipped", why: one.disabled ? "disabled" : "read-only" };
    const editable = !FIELDS.has(tag);
    if (tag === "select") {
      const other = [...one.options].reverse().find((option) => !option.disabled && !option.selected && option.value !== "");
      if (!other) return { how: "skipped", why: "nothing to choose" };
      setValue(one, other.value);
      return { how: "done" };
    }
    if (one.type === "checkbox" || one.type === "radio") {
      if (!one.checked) one.click();
      return { how: "done" };
    }
    if (one.type === "file") {
      const view = one.ownerDocument.defaultView;
      const files = new view.DataTransfer();
      files.items.add(new view.File(["nothing"], `${canary.word}.txt`, { type: "text/plain" }));
      one.files = files.files;
      settle(one);
      return { how: "done" };
    }
    const set = { date: canary.date, month: canary.date.slice(0, 7), week: "1937-W17", time: "03:47", "datetime-local": `${canary.date}T03:47`, color: canary.color }[one.type];
    if (set) {
      setValue(one, set);
      return { how: "done" };
    }
    if (one.type === "range") {
      setValue(one, String((Number(one.min || 0) + Number(one.max || 100)) / 2 + Number(one.step || 1)));
      return { how: "done" };
    }
    const text =
      one.type === "email" ? `${canary.word}@playhead.example` : one.type === "url" ? `https://${canary.word}.example/` : numeric(one) ? canary.digits : canary.word;
    const seen = one.checkVisibility ? one.checkVisibility({ visibilityProperty: true }) : true;
    if (seen) {
      one.scrollIntoView({ block: "nearest" });
      one.focus();
      if (one.getRootNode().activeElement === one && one.ownerDocument.hasFocus()) {
        if (!editable) one.select?.();
        return { how: "keys", text };
      }
    }
    if (editable) {
      one.textContent = text;
      settle(one);
    } else setValue(one, text);
    return { how: "done" };
  }

  /** What the recorder keeps on this device: databases, storages and cookies under its names. */
  async function kept(databases, pattern) {
    const names = new RegExp(pattern);
    const out = [];
    for (const [label, storage] of [["localStorage", window.localStorage], ["sessionStorage", window.sessionStorage]]) {
      try {
        for (const key of Object.keys(storage)) if (names.test(key)) out.push({ where: `${label} ${key}`, text: storage.getItem(key) });
      } catch {}
    }
    for (const cookie of document.cookie.split("; ")) {
      const name = cookie.split("=")[0];
      if (names.test(name)) out.push({ where: `cookie ${name}`, text: cookie.slice(name.length + 1) });
    }
    const there = (await indexedDB.databases?.()) ?? [];
    for (const { name } of there) {
      if (!databases.includes(name)) continue;
      const wait = (request) => new Promise((done) => {
        request.onsuccess = () => done(request.result);
        request.onerror = request.onblocked = () => done(null);
      });
      const db = await wait(indexedDB.open(name));
      if (!db) continue;
      for (const store of [...db.objectStoreNames]) {
        const all = (await wait(db.transaction(store).objectStore(store).getAll())) ?? [];
        out.push({ where: `IndexedDB ${name}/${store}`, text: JSON.stringify(all) });
      }
      db.close();
    }
    return out;
  }

  /** A change that shows nothing, so that the recorder has something to report last. */
  function nudge() {
    const mark = document.createElement("i");
    mark.hidden = true;
    document.body?.append(mark);
    const at = Date.now();
    setTimeout(() => mark.remove(), 1000);
    return at;
  }

  /** The SDKs that this page has loaded, with the options that say what is masked. */
  function sdks() {
    const out = {};
    for (const name of ["playhead", "mixpanel"]) {
      const sdk = window[name];
      if (!sdk || typeof sdk.get_config !== "function") continue;
      const asked = {};
      for (const option of [
        "api_host", "record_mask_all_text", "record_mask_text_selector", "record_mask_text_class", "record_unmask_text_selector",
        "record_block_selector", "record_block_class", "record_url_params", "record_sessions_percent",
      ]) {
        let value;
        try {
          value = sdk.get_config(option);
        } catch {}
        if (value instanceof RegExp) value = { pattern: value.source };
        if (value !== undefined && value !== null) asked[option] = value;
      }
      let out_ = null;
      let recording = null;
      try {
        out_ = sdk.has_opted_out_tracking?.() ?? null;
        recording = !!sdk.get_session_recording_properties?.().$mp_replay_id;
      } catch {}
      out[name] = { config: asked, optedOut: out_, recording };
    }
    return out;
  }

  const start = (name) => window[name]?.start_session_recording?.();

  Object.defineProperty(window, NAME, { value: { read, fields, prepare, restore, keyOf, kept, nudge, sdks, start } });
})();
