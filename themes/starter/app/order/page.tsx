import type { Metadata } from "next";

import { OrderView } from "@/components/order-view";
import { unlisted } from "@/config/metadata";
import { shop } from "@/config/shop";

export async function generateMetadata(): Promise<Metadata> {
  return { ...unlisted, title: (await shop()).texts.yourOrder, referrer: "no-referrer" };
}

/** `/order#<token>`: what stands behind # is sent to no server, and stands in no log. */
export default async function OrderPage() {
  const { language } = await shop();
  return (
    <div className="section narrow late">
      <OrderView language={language} />
    </div>
  );
}
