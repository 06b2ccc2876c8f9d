import type { Metadata } from "next";

import { CheckoutForm } from "@/components/checkout-form";
import { unlisted } from "@/config/metadata";
import { shop } from "@/config/shop";
import { countriesOf } from "@/texts/countries";

export async function generateMetadata(): Promise<Metadata> {
  return { ...unlisted, title: (await shop()).texts.checkout };
}

export default async function Checkout() {
  const { texts, language, settings } = await shop();
  return (
    <div className="section late">
      <h1>{texts.checkout}</h1>
      <CheckoutForm language={language} countries={countriesOf(language)} hasNote={settings.features.orderNote} />
    </div>
  );
}
