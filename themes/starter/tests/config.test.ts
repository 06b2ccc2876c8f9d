import { describe, expect, it } from "vitest";

import { contrast, hex, inkOn, legible, parseColor } from "@/config/colors";
import { merged } from "@/config/merge";
import { readConfig, readLayout } from "@/config/sections";
import { styleOf } from "@/config/style";
import manifest from "@/theme.json";

const theme = manifest.sections.theme.default;

describe("a config", () => {
  it("is completed by the theme's defaults, and where it is not what it should be, replaced by them", () => {
    const raw = { theme: { colors: { primary: "#123456", background: 7 }, mode: "dark" }, content: { navigation: "none" } };
    const config = readConfig(raw, null);
    expect(config.theme.colors.primary).toBe("#123456");
    expect(config.theme.colors.background).toBe(theme.colors.background);
    expect(config.theme.mode).toBe("dark");
    expect(config.content.navigation).toEqual(manifest.sections.content.default.navigation);
    expect(config.settings.display.productsPerPage).toBe(24);
  });

  it("keeps what the theme does not know", () => {
    expect(merged({ a: 1 }, { a: 2, b: 3 })).toEqual({ a: 2, b: 3 });
  });

  it("shows the published layout where the API gave none", () => {
    const published = { content: [{ type: "Hero", props: { id: "a" } }], root: {}, zones: {} };
    expect(readConfig(null, published).layout).toEqual(published);
    expect(readConfig(null, null).layout).toEqual(manifest.sections.layout.default);
    expect(readLayout({ content: [null, { type: "Hero" }, { type: "Hero", props: {} }] }).content).toHaveLength(1);
  });
});

describe("colours", () => {
  it("are read in all the forms that a config may have", () => {
    expect([parseColor("#fff"), parseColor("#abcd"), parseColor("#01020304")]).toEqual([
      [255, 255, 255],
      [170, 187, 204],
      [1, 2, 3],
    ]);
    for (const text of ["", "red", "#12", "#12345", "#ggg", undefined]) expect(parseColor(text)).toBeUndefined();
  });

  it("become legible on whatever the merchant chose", () => {
    for (const ground of ["#ffffff", "#000000", "#808080", "#e7b24c", "#1f4f46"]) {
      const rgb = parseColor(ground)!;
      expect(contrast(inkOn(rgb), rgb)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(legible(parseColor("#888888")!, [rgb]), rgb)).toBeGreaterThanOrEqual(4.5);
    }
    expect(hex(legible([0, 0, 0], [[255, 255, 255]]))).toBe("#000000");
  });

  it("leave the stylesheet nothing but colours", () => {
    const evil = "red;}</style><script>alert(1)</script>";
    const css = styleOf({
      ...theme,
      colors: { ...theme.colors, primary: evil },
      typography: { ...theme.typography, fontFamily: evil },
    });
    expect(css).not.toMatch(/[<>]|script>/);
    expect(css).toContain(`--primary:${theme.colors.primary}`);
  });

  it.each([
    ["light", 1, false],
    ["dark", 1, false],
    ["auto", 2, true],
  ])("of mode %s are %i sets", (mode, sets, hasQuery) => {
    const css = styleOf({ ...theme, mode });
    expect(css.match(/--background:/g)).toHaveLength(sets);
    expect(css.includes("prefers-color-scheme")).toBe(hasQuery);
  });
});
