import type { Metadata } from "next";

import { CartView } from "@/components/cart-view";
import { unlisted } from "@/config/metadata";
import { shop } from "@/config/shop";

export async function generateMetadata(): Promise<Metadata> {
  return { ...unlisted, title: (await shop()).texts.cart };
}

export default async function Cart() {
  const { texts, language } = await shop();
  return (
    <div className="section narrow late">
      <h1>{texts.cart}</h1>
      <CartView language={language} />
    </div>
  );
}
