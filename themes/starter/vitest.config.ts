import path from "node:path";

import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "@": import.meta.dirname,
      "server-only": path.join(import.meta.dirname, "tests/server-only.ts"), // refuses to be loaded outside of a server
    },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
