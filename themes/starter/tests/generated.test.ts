import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { generate } from "@graphql-codegen/cli";
import { expect, it } from "vitest";

import config from "../codegen";

const ROOT = path.join(import.meta.dirname, "..");
const SCHEMA = path.join(ROOT, "../../schema.graphql");

/** A copy of the theme has no schema beside it: there is nothing to compare with. */
it.runIf(existsSync(SCHEMA))("has the types of today's schema (npm run codegen writes them)", async () => {
  const [file] = (await generate({ ...config, silent: true }, false)) as { filename: string; content: string }[];
  expect(file?.content.trim()).toBe(readFileSync(path.join(ROOT, "api/generated.ts"), "utf8").trim());
});
