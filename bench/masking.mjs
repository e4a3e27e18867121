// The recorder as it ships, and the same with masking off: rrweb is told to mask nothing and the wall lets every event pass.
// `node bench/masking.mjs OUT` writes OUT/masked.js and OUT/clear.js.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const sdk = new URL("../sdk/", import.meta.url).pathname;
const { build } = createRequire(sdk)("esbuild");
const out = process.argv[2];

const unmasked = {
  name: "unmasked",
  setup(build) {
    build.onResolve({ filter: /^@sentry\/rrweb$/ }, ({ importer }) =>
      importer.startsWith(sdk + "src") ? { path: "rrweb", namespace: "unmasked" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "unmasked" }, () => ({
      resolveDir: sdk,
      contents: `import { record as real } from "@sentry/rrweb";
        const none = { maskAllText: false, maskAllInputs: false, maskTextFn: undefined, maskInputFn: undefined, maskAttributeFn: undefined };
        export const record = Object.assign((options) => real({ ...options, ...none }), real);`,
    }));
    build.onLoad({ filter: /recorder\/wall\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8") + "\nWall.prototype.pass = (event) => event;\n",
    }));
  },
};

async function bundle(entry, plugins = [], more = {}) {
  const result = await build({
    entryPoints: [sdk + entry],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    write: false,
    legalComments: "none",
    plugins,
    ...more,
    define: {
      __VERSION__: '"bench"',
      __RRWEB_EXCLUDE_IFRAME__: "false",
      __RRWEB_EXCLUDE_SHADOW_DOM__: "false",
    },
  });
  return result.outputFiles[0].text;
}

const pipe = await bundle("src/recorder/pipe.ts", [], { globalName: "pipe" });
for (const [name, plugins] of [
  ["masked", []],
  ["clear", [unmasked]],
]) {
  const main = await bundle("src/recorder/index.ts", plugins);
  writeFileSync(`${out}/${name}.js`, `(()=>{function __PIPE__(){${pipe.trim()}return pipe.createPipe}\n${main}})();\n`);
}
