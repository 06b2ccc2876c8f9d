/** The sections of a storefront's config, as this theme reads them; their defaults stand in theme.json. */
import type { Data } from "@puckeditor/core";

import manifest from "../theme.json";

import { isObject, merged } from "./merge";

export interface Link {
  label: string;
  url: string;
  children?: Link[];
}

export interface Page {
  slug: string;
  title: string;
  body?: string;
}

const { theme, content, seo, settings, layout } = manifest.sections;

export type Theme = (typeof theme)["default"];

export type Content = Omit<(typeof content)["default"], "navigation" | "footer" | "pages"> & {
  navigation: Link[];
  footer: { text: string; links: Link[] };
  pages: Page[];
};

export type Seo = Omit<(typeof seo)["default"], "keywords" | "social" | "structuredData" | "robots"> & {
  keywords: string[];
  social: {
    image: string;
    title?: string;
    description?: string;
    twitterCard: string;
    twitterSite?: string;
    profiles: string[];
  };
  structuredData: Record<string, unknown>;
  robots: { index: boolean; follow: boolean; disallow: string[] };
};

export type Settings = (typeof settings)["default"];

export interface Config {
  theme: Theme;
  layout: Data;
  content: Content;
  seo: Seo;
  settings: Settings;
}

type Raw = Partial<Record<keyof Config, unknown>>;

/** The config of the API's answer. `published` is the layout for when there is none. */
export function readConfig(raw: Raw | null, published: unknown): Config {
  const given = merged(content.default as Content, raw?.content);
  return {
    theme: merged(theme.default, raw?.theme),
    layout: readLayout(raw ? raw.layout : published),
    content: {
      ...given,
      navigation: given.navigation.filter(isLink),
      footer: { ...given.footer, links: given.footer.links.filter(isLink) },
      pages: given.pages.filter(isPage),
    },
    seo: merged(seo.default as Seo, raw?.seo),
    settings: merged(settings.default, raw?.settings),
  };
}

/** Puck's data; the theme's own where there is none. */
export function readLayout(raw: unknown): Data {
  const own = layout.default as Data;
  if (!isObject(raw) || !Array.isArray(raw["content"])) return own;
  const root = isObject(raw["root"]) ? raw["root"] : {};
  const zones = isObject(raw["zones"]) ? raw["zones"] : {};
  return { content: raw["content"].filter(isComponent), root, zones } as Data;
}

function isComponent(value: unknown): boolean {
  return isObject(value) && typeof value["type"] === "string" && isObject(value["props"]);
}

function isLink(value: unknown): value is Link {
  return isObject(value) && typeof value["label"] === "string" && typeof value["url"] === "string";
}

function isPage(value: unknown): value is Page {
  return isObject(value) && typeof value["slug"] === "string" && typeof value["title"] === "string";
}
