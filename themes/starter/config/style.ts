/** The config's `theme` section as CSS. Merchants' values end up in a stylesheet, so each is let through by its form. */
import { hex, inkOn, legible, parseColor } from "./colors";
import type { Theme } from "./sections";
import manifest from "../theme.json";

const DEFAULTS = manifest.sections.theme.default;
const GENERIC = ["serif", "sans-serif", "monospace", "cursive", "system-ui", "ui-serif", "ui-sans-serif", "ui-monospace", "ui-rounded"];

/** The theme's own variables, light and dark. */
export function styleOf(theme: Theme): string {
  const light = paletteOf(theme.colors, DEFAULTS.colors);
  const dark = paletteOf(theme.darkColors, DEFAULTS.darkColors);
  const shape = `${typeOf(theme)}${shapeOf(theme)}`;
  if (theme.mode === "dark") return `:root{color-scheme:dark;${dark}${shape}}`;
  if (theme.mode === "light") return `:root{color-scheme:light;${light}${shape}}`;
  return `:root{color-scheme:light dark;${light}${shape}}@media (prefers-color-scheme:dark){:root{${dark}}}`;
}

/** What a browser's own bars are coloured in: light, dark. */
export function barsOf(theme: Theme): { light: string; dark: string } {
  const of = (colors: Theme["colors"], fallback: Theme["colors"]) => hex(parse(colors.background, fallback.background));
  return { light: of(theme.colors, DEFAULTS.colors), dark: of(theme.darkColors, DEFAULTS.darkColors) };
}

function paletteOf(colors: Theme["colors"], fallback: Theme["colors"]): string {
  const of = (name: keyof Theme["colors"]) => parse(colors[name], fallback[name]);
  const [background, surface, primary, accent] = [of("background"), of("surface"), of("primary"), of("accent")];
  const grounds = [background, surface];
  const variables = {
    background,
    surface,
    border: of("border"),
    primary,
    accent,
    secondary: of("secondary"),
    text: legible(of("text"), grounds, 7),
    muted: legible(of("muted"), grounds),
    link: legible(primary, grounds),
    success: legible(of("success"), grounds),
    warning: legible(of("warning"), grounds),
    danger: legible(of("danger"), grounds),
    "on-primary": inkOn(primary),
    "on-accent": inkOn(accent),
    line: legible(of("border"), [background], 3), // borders of what can be typed in: WCAG 1.4.11
  };
  return Object.entries(variables)
    .map(([name, color]) => `--${name}:${hex(color)};`)
    .join("");
}

function parse(given: string | undefined, fallback: string) {
  return parseColor(given) ?? parseColor(fallback)!;
}

function typeOf({ typography }: Theme): string {
  const { baseSize, scale, lineHeight, headingWeight } = typography;
  return [
    `--font:${fontsOf(typography.fontFamily)};`,
    `--heading-font:${fontsOf(typography.headingFontFamily)};`,
    `--base-size:${bounded(baseSize, 12, 24)}px;`,
    `--scale:${bounded(scale, 1.05, 1.5)};`,
    `--line-height:${bounded(lineHeight, 1.2, 2)};`,
    `--heading-weight:${bounded(headingWeight, 100, 900)};`,
  ].join("");
}

function shapeOf({ shape }: Theme): string {
  return `--radius:${bounded(shape.radius, 0, 32)}px;--space:${bounded(shape.spacing, 4, 16)}px;`;
}

/** Names of fonts, which must be on the shopper's machine: no theme fetches some from elsewhere. */
function fontsOf(families: string): string {
  const names = families.split(",").map((name) => name.replace(/[^\p{L}\p{N} _-]/gu, "").trim());
  const written = names.filter(Boolean).map((name) => (GENERIC.includes(name) ? name : `"${name}"`));
  return [...written, ...(written.some((name) => GENERIC.includes(name)) ? [] : ["system-ui"])].join(",");
}

function bounded(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
