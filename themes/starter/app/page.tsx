import { Render } from "@puckeditor/core/rsc";
import type { Metadata } from "next";

import { config } from "@/blocks/config";
import { JsonLd } from "@/components/json-ld";
import { pageMetadata } from "@/config/metadata";
import { shop } from "@/config/shop";

export async function generateMetadata(): Promise<Metadata> {
  const { seo, name } = await shop();
  return { ...pageMetadata("/", {}), title: { absolute: seo.title || name } };
}

export default async function Home() {
  const own = await shop();
  const hasTitle = own.layout.content.some(({ type }) => type === "Hero");
  return (
    <>
      {!hasTitle && <h1 className="hidden">{own.name}</h1>}
      <JsonLd text={own.structuredData} />
      <Render config={config} data={own.layout} />
    </>
  );
}
