import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";

import { otherProducts, productBySlug, type Product } from "@/catalog/products";
import { JsonLd } from "@/components/json-ld";
import { Picture } from "@/components/picture";
import { ProductCards } from "@/components/product-card";
import { Prose } from "@/components/prose";
import { Purchase } from "@/components/purchase";
import { pageMetadata } from "@/config/metadata";
import { shop, type Shop } from "@/config/shop";
import { formatMoney } from "@/texts/money";

interface Props {
  params: Promise<{ slug: string }>;
}

/** Every product's page is made when somebody first asks for it, and kept. */
export async function generateStaticParams() {
  return [];
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const product = await productBySlug((await params).slug);
  if (!product) return {};
  return pageMetadata(`/products/${product.slug}`, {
    title: product.title,
    description: product.description,
    image: product.images.nodes[0]?.url,
  });
}

export default async function ProductPage({ params }: Props) {
  const product = await productBySlug((await params).slug);
  if (!product) notFound();
  const own = await shop();
  return (
    <>
      <JsonLd text={product.structuredData} />
      <div className="product">
        <Gallery product={product} label={own.texts.pictures} />
        <div className="product__about">
          <h1>{product.title}</h1>
          <Purchase
            product={{ id: product.id, slug: product.slug, title: product.title }}
            variants={product.variants.nodes.map((variant) => ({
              id: variant.id,
              title: variant.title || variant.sku,
              amount: variant.price.amount,
              price: formatMoney(variant.price, own.language),
              isAvailable: variant.availableForSale,
              available: variant.quantityAvailable,
            }))}
            language={own.language}
            showPrices={own.settings.display.showPrices}
            showStock={own.settings.display.showStock}
          />
          {product.description && <Prose text={product.description} className="product__description" />}
        </div>
      </div>
      <Suspense fallback={null}>
        <More product={product} shop={own} />
      </Suspense>
    </>
  );
}

function Gallery({ product, label }: { product: Product; label: string }) {
  const pictures = product.images.nodes;
  return (
    <div className="gallery" role="group" aria-label={label} tabIndex={pictures.length > 1 ? 0 : undefined}>
      {pictures.length === 0 && <Picture picture={undefined} sizes="" />}
      {pictures.map((picture, index) => (
        <Picture
          key={index}
          picture={picture}
          sizes="(min-width: 60rem) 50vw, 100vw"
          fallbackAlt={product.title}
          isFirst={index === 0}
        />
      ))}
    </div>
  );
}

const MORE = 4;

async function More({ product, shop: own }: { product: Product; shop: Shop }) {
  const others = await otherProducts(product.id, MORE);
  if (others.length === 0) return null;
  return (
    <section className="section">
      <h2>{own.texts.moreProducts}</h2>
      <ProductCards products={others} shop={own} />
    </section>
  );
}
