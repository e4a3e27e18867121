import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __VERSION__: '"test"' },
  test: { environment: "jsdom", include: ["test/unit/**/*.test.ts"] },
});
