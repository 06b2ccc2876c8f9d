/** The shop and what it looks like, for the page that is being rendered. */
import "server-only";

import { cookies, draftMode } from "next/headers";
import { cache } from "react";

import { ask, markPassing } from "@/api/ask";
import { ShopDocument, type ShopQuery } from "@/api/generated";
import { ApiAway, ApiRefused, send } from "@/api/send";
import { CONFIG, WORKSPACE } from "@/sync/tags";
import { textsOf, type Texts } from "@/texts";

import { readConfig, type Config } from "./sections";

export const PREVIEW_COOKIE = "vitrine-preview";

export interface Shop extends Config {
  name: string;
  language: string;
  texts: Texts;
  /** JSON-LD of the shop. */
  structuredData: string | undefined;
  isPreview: boolean;
}

/** With the API away, and no answer of it kept, the layout that the build was given and the theme's own look. */
export const shop = cache(async (): Promise<Shop> => {
  const preview = await previewed();
  const data = preview ?? (await live());
  const config = readConfig(data?.storefrontConfig ?? null, published());
  const language = knownLanguage(config.settings.languages.default);
  const name = config.theme.branding.storeName || data?.workspace?.name || new URL(siteUrl()).hostname;
  const structuredData = data?.storefrontConfig?.structuredData;
  return { ...config, name, language, texts: textsOf(language), structuredData, isPreview: Boolean(preview) };
});

const tagsOfShop = () => [CONFIG, WORKSPACE];

async function live(): Promise<ShopQuery | null> {
  try {
    return await ask(ShopDocument, {}, tagsOfShop);
  } catch (error) {
    if (!(error instanceof ApiAway)) throw error;
    await markPassing();
    return null;
  }
}

/** The shop as a draft would make it, for who came by a link of the dashboard (app/api/preview). */
async function previewed(): Promise<ShopQuery | null> {
  if (!(await draftMode()).isEnabled) return null;
  const token = (await cookies()).get(PREVIEW_COOKIE)?.value;
  try {
    return token ? await send(ShopDocument, {}, { previewToken: token, isPersonal: true }) : null;
  } catch (error) {
    if (error instanceof ApiRefused || error instanceof ApiAway) return null; // it expired: what is live is shown
    throw error;
  }
}

function published(): unknown {
  try {
    return JSON.parse(process.env.PUBLISHED_LAYOUT || "null");
  } catch {
    return null;
  }
}

function siteUrl(): string {
  return process.env["SITE_URL"] || "http://localhost";
}

function knownLanguage(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "en";
  } catch {
    return "en";
  }
}
