import type { MetadataRoute } from "next";

import { markPassing } from "@/api/ask";
import { ApiAway } from "@/api/send";
import { productSlugs } from "@/catalog/products";
import { siteAddress } from "@/config/metadata";
import { shop } from "@/config/shop";

export const revalidate = 60;

export default async function sitemap(): Promise<MetadataRoute.Sitemap> {
  const own = await shop();
  const site = siteAddress(own);
  const pages = ["/", "/products", ...own.content.pages.map(({ slug }) => `/pages/${slug}`)];
  return [
    ...pages.map((path) => ({ url: site + path })),
    ...(await slugs()).map(({ slug, updatedAt }) => ({ url: `${site}/products/${slug}`, lastModified: updatedAt })),
  ];
}

async function slugs() {
  try {
    return await productSlugs();
  } catch (error) {
    if (!(error instanceof ApiAway)) throw error;
    await markPassing();
    return [];
  }
}
