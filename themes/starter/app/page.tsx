import { Render } from "@puckeditor/core/rsc";
import type { Metadata } from "next";

import { config } from "@/blocks/config";
import { JsonLd } from "@/components/json-ld";
import { pageMetadata, siteAddress } from "@/config/metadata";
import { shop } from "@/config/shop";

export async function generateMetadata(): Promise<Metadata> {
  const { seo, name } = await shop();
  return { ...pageMetadata("/", {}), title: { absolute: seo.title || name } };
}

export default async function Home() {
  const own = await shop();
  const url = siteAddress(own);
  return (
    <>
      <JsonLd
        data={{
          "@type": "Organization",
          name: own.name,
          url,
          ...(own.theme.branding.logo && { logo: own.theme.branding.logo }),
          ...(own.seo.social.profiles.length > 0 && { sameAs: own.seo.social.profiles }),
          ...own.seo.structuredData,
        }}
      />
      <Render config={config} data={own.layout} />
    </>
  );
}
