import type { MetadataRoute } from "next";

import { siteAddress } from "@/config/metadata";
import { shop } from "@/config/shop";

export const revalidate = 60;

export default async function robots(): Promise<MetadataRoute.Robots> {
  const own = await shop();
  const { index, disallow } = own.seo.robots;
  const closed = ["/api/", "/cart", "/checkout", "/order", ...disallow];
  return {
    rules: index ? { userAgent: "*", allow: "/", disallow: closed } : { userAgent: "*", disallow: "/" },
    sitemap: `${siteAddress(own)}/sitemap.xml`,
  };
}
