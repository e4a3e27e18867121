// Builds dist/: the worker goes into the recorder as a function, the recorder's content hash into its name, the names into
// the core. So one core always asks for exactly the recorder it was built with.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { minify } from "terser";

const version = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")).version;
const root = new URL(".", import.meta.url).pathname;
rmSync(root + "dist", { recursive: true, force: true });
mkdirSync(root + "dist");

// What rrweb can do and we never ask for stays out, because of its weight and so that nothing can ask for it: taking events
// from frames of other origins, by messages that any of them may send; leaving out parts of <head>; masking text by classes.
const UNUSED = [
  [
    /handleMessage\(message\) \{[\s\S]*?\n {2}patchRootIdOnNode\(node, rootId\) \{[\s\S]*?\n {2}\}\n/,
    "handleMessage() {}\n",
  ],
  [/class CrossOriginIframeMirror \{[\s\S]*?\n\}\n/, "class CrossOriginIframeMirror {}\n"],
  [
    /function slimDOMExcluded\(sn, slimDOMOptions\) \{[\s\S]*?\n\}\n/,
    "function slimDOMExcluded(sn, slimDOMOptions) { return slimDOMOptions.comment && sn.type === NodeType.Comment; }\n",
  ],
  // Masking is the wall's: a walk up the tree for every node would only cost.
  [
    /function needMaskingText\([^)]*maskAllText\) \{[\s\S]*?\n\}\n/,
    "function needMaskingText() { return false; }\n",
  ],
  [
    /function maskInputValue\(\{[\s\S]*?\n\}\n/,
    "function maskInputValue({ value }) { return value || ''; }\n",
  ],
  [/function shouldMaskInput\(\{[\s\S]*?\n\}\n/, "function shouldMaskInput() { return false; }\n"],
  // Options that are never given: pictures inside the recording, plugins, packing, snapshots by count, being a frame's frame.
  [/ {2}if \(tagName === "img" && inlineImages\) \{[\s\S]*?\n {2}\}\n/, ""],
  [/ {4}if \(this\.recordCrossOriginIframes\) \{\n {6}window[\s\S]*?\n {4}\}\n/, ""],
  [/ {4}if \(this\.recordCrossOriginIframes\) \{\n {6}getIFrame[\s\S]*?\n {4}\}\n/, ""],
  [/ {2}for \(const plugin of o2\.plugins\) \{[\s\S]*?\n {2}\}\n/, ""],
  [/plugins: plugins\?\.filter[\s\S]*?\|\| \[\]\n/, "plugins\n"],
  [
    /function filterCSSPropertiesFromInlineStyle\(cssText[\s\S]*?\n\}\n/,
    "function filterCSSPropertiesFromInlineStyle(cssText) { return cssText; }\n",
  ],
  // What browsers lacked long ago.
  [/ {2}polyfill\$1\(\);\n/, ""],
  [
    /const inEmittingFrame = recordCross[\s\S]*?\n {2}if \(mousemoveWait/,
    "const inEmittingFrame = true, passEmitsToParent = false;\n  if (mousemoveWait",
  ],
  [/const eventProcessor = [\s\S]*?\n {2}\};\n/, "const eventProcessor = (e) => e;\n"],
  [/incrementalSnapshotCount\+\+;[\s\S]*?\n {6}\}\n/, ""],
  [/for \(const plugin of plugins \|\| \[\]\) \{\n {4}if \(plugin\.getMirror\)[\s\S]*?\n {2}\}\n/, ""],
  [
    /const maskInputOptions = maskAllInputs === true[\s\S]*?_maskInputOptions : \{\};\n/,
    "const maskInputOptions = {};\n",
  ],
  [/const slimDOMOptions = _slimDOM[\s\S]*? : \{\};\n/, "const slimDOMOptions = _slimDOMOptions;\n"],
  [
    /const maskInputOptions = maskAllInputs === true[\s\S]*?\? \{\} : slimDOM;\n/,
    "const maskInputOptions = {}, slimDOMOptions = slimDOM;\n",
  ],
];
const unused = new Set(UNUSED);
const leanRrweb = {
  name: "lean-rrweb",
  setup: ({ onLoad }) =>
    onLoad({ filter: /@sentry\/rrweb\/dist\/[\w-]+\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const cut of UNUSED)
        contents = contents.replace(cut[0], () => {
          unused.delete(cut);
          return cut[1];
        });
      return { contents, loader: "js" };
    }),
};

async function bundle(entry, define = {}, format = "iife", more = {}) {
  const result = await build({
    entryPoints: [root + entry],
    bundle: true,
    minify: format === "iife",
    format,
    target: "es2020",
    write: false,
    legalComments: "none",
    plugins: [leanRrweb],
    ...more,
    define: {
      __VERSION__: JSON.stringify(version),
      __RRWEB_EXCLUDE_IFRAME__: "false",
      __RRWEB_EXCLUDE_SHADOW_DOM__: "false",
      ...define,
    },
  });
  return result.outputFiles[0].text;
}

/** Terser makes another 6 % less of it. The recorder's warnings are rrweb's, about a page that is not ours. */
async function small(text) {
  const compress = { ecma: 2020, passes: 3, pure_funcs: ["console.warn"] };
  return (await minify(text, { ecma: 2020, toplevel: true, compress })).code;
}

function hashed(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const file = `${name}-${hash}.js`;
  writeFileSync(root + "dist/" + file, text);
  return file;
}

// The pipe is one function of its own text: called on the page where workers are forbidden, else made the worker's source.
// It stands last, beside what it shares with the page's side: apart from it, both would cost.
const pipe = await bundle("src/recorder/pipe.ts", {}, "iife", { globalName: "pipe" });
const main = await bundle("src/recorder/index.ts");
if (unused.size) throw new Error("rrweb is not the one this was written for: look at UNUSED");
const recorder = hashed(
  "recorder",
  await small(`(()=>{${main}function __PIPE__(){${pipe.trim()}return pipe.createPipe}})();\n`),
);
const consolePart = hashed("console", await bundle("src/recorder/console.ts"));
const network = hashed("network", await bundle("src/recorder/network.ts"));
const canvas = hashed("canvas", await bundle("src/recorder/canvas.ts"));
const names = {
  __RECORDER__: JSON.stringify(recorder),
  __CONSOLE__: JSON.stringify(consolePart),
  __NETWORK__: JSON.stringify(network),
  __CANVAS__: JSON.stringify(canvas),
};
writeFileSync(root + "dist/sdk.js", await bundle("src/script.ts", names));
writeFileSync(root + "dist/index.js", await bundle("src/index.ts", names, "esm"));
writeFileSync(
  root + "dist/manifest.json",
  JSON.stringify({ version, sdk: "sdk.js", recorder, console: consolePart, network, canvas }, null, 2) + "\n",
);
