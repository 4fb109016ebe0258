import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    isolate: false,
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/ui/testing.ts"],
    testTimeout: 30_000, // ms; the longest test takes 1 s on an idle machine
  },
});
