/** What search engines and social networks read. */
import "server-only";

import type { Metadata } from "next";

import { environment } from "@/environment";

import type { Shop } from "./shop";

/** The site's address, or the one that the merchant calls the right one. Never made of a request. */
export function siteAddress({ seo }: Pick<Shop, "seo">): string {
  return (seo.canonicalUrl || environment().siteUrl).replace(/\/+$/, "");
}

/** What holds for all pages. `favicon` is the address of the logo that is for it. */
export function siteMetadata(shop: Shop, favicon?: string): Metadata {
  const { seo, theme, name, language } = shop;
  const title = seo.title || name;
  const description = seo.description || theme.branding.tagline || undefined;
  const { social } = seo;
  return {
    metadataBase: new URL(siteAddress(shop)),
    title: { default: title, template: templateOf(seo.titleTemplate, name) },
    description,
    keywords: seo.keywords.length ? seo.keywords : undefined,
    applicationName: name,
    robots: { index: seo.robots.index && !shop.isPreview, follow: seo.robots.follow },
    icons: { icon: favicon || theme.branding.favicon || "/icon.svg" },
    formatDetection: { telephone: false, address: false, email: false },
    openGraph: {
      type: "website",
      siteName: name,
      locale: language.replace("-", "_"),
      title: social.title || title,
      description: social.description || description,
      images: social.image ? [social.image] : undefined,
    },
    twitter: {
      card: social.twitterCard === "summary" ? "summary" : "summary_large_image",
      site: social.twitterSite,
    },
  };
}

/** A page of the site, its canonical address among what is said of it. */
export function pageMetadata(path: string, about: { title?: string; description?: string; image?: string }): Metadata {
  const description = about.description?.replace(/\s+/g, " ").trim().slice(0, 300) || undefined;
  const images = about.image ? [about.image] : undefined;
  return {
    ...(about.title && { title: about.title }),
    ...(description && { description }),
    alternates: { canonical: path },
    openGraph: { url: path, title: about.title, description, images },
  };
}

/** Nothing that search engines should keep: carts, orders. */
export const unlisted: Metadata = { robots: { index: false, follow: false } };

function templateOf(template: string, name: string): string {
  const text = template.includes("%s") ? template : "%s";
  return text === "%s" ? `%s – ${name.replaceAll("%s", "")}` : text;
}
