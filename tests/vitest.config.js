import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: here,
  server: { fs: { strict: false } },
  test: {
    include: ["extension/**/*.test.js"],
    environment: "node",
    setupFiles: ["extension/setup.js"],
    restoreMocks: true,
    // jsdom takes its time on a machine that is busy with browsers.
    testTimeout: 20_000,
    maxWorkers: 2,
  },
});
