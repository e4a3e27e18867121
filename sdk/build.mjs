// Builds dist/: the worker goes into the recorder as a function, the recorder's content hash into its name, the names into
// the core. So one core always asks for exactly the recorder it was built with.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const version = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")).version;
const root = new URL(".", import.meta.url).pathname;
rmSync(root + "dist", { recursive: true, force: true });
mkdirSync(root + "dist");

async function bundle(entry, define = {}, format = "iife", more = {}) {
  const result = await build({
    entryPoints: [root + entry],
    bundle: true,
    minify: format === "iife",
    format,
    target: "es2020",
    write: false,
    legalComments: "none",
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

function hashed(name, text) {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const file = `${name}-${hash}.js`;
  writeFileSync(root + "dist/" + file, text);
  return file;
}

// The pipe is one function of its own text: called on the page where workers are forbidden, else made the worker's source.
const pipe = await bundle("src/recorder/pipe.ts", {}, "iife", { globalName: "pipe" });
const main = await bundle("src/recorder/index.ts");
const recorder = hashed(
  "recorder",
  `(()=>{function __PIPE__(){${pipe.trim()}return pipe.createPipe}\n${main}})();\n`,
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
