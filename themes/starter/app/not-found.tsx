import type { Metadata } from "next";
import Link from "next/link";

import { unlisted } from "@/config/metadata";
import { shop } from "@/config/shop";

export async function generateMetadata(): Promise<Metadata> {
  return { ...unlisted, title: (await shop()).texts.notFound };
}

export default async function NotFound() {
  const { texts } = await shop();
  return (
    <div className="section narrow message">
      <h1>{texts.notFound}</h1>
      <p>{texts.notFoundText}</p>
      <p>
        <Link href="/products" className="button">
          {texts.seeAll}
        </Link>
      </p>
    </div>
  );
}
