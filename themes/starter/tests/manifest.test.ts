import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect, it } from "vitest";

import { defaultLayout, layoutSchema } from "@/blocks/schema";

const FILE = path.join(import.meta.dirname, "../theme.json");

it("says of the layout what the components take", () => {
  const manifest = JSON.parse(readFileSync(FILE, "utf8"));
  const layout = { schema: layoutSchema(), default: defaultLayout() };
  if (process.env["WRITE_MANIFEST"]) {
    manifest.sections.layout = layout;
    writeFileSync(FILE, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  expect(manifest.sections.layout).toEqual(layout);
});
