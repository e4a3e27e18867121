// Prints the gzip -9 size of every built file and fails when one is over its limit.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
const limits = {
  sdk: 14_000,
  recorder: 35_000,
  console: 2 * 1024,
  network: 2 * 1024,
  canvas: 12 * 1024,
};
let over = false;
for (const [part, limit] of Object.entries(limits)) {
  const bytes = readFileSync(new URL(manifest[part], dist));
  const size = gzipSync(bytes, { level: 9 }).length;
  over ||= size > limit;
  console.log(
    `${part.padEnd(9)} ${String(bytes.length).padStart(7)} B  gzip ${String(size).padStart(6)} B  limit ${limit} B` +
      (size > limit ? "  OVER" : ""),
  );
}
process.exit(over ? 1 : 0);
