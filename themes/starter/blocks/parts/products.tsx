/** The components that show products. */
import Link from "next/link";

import { passing } from "@/api/ask";
import type { ProductsQueryVariables } from "@/api/generated";
import { SORTS } from "@/catalog/listing";
import { productBySlug, products } from "@/catalog/products";
import { Picture } from "@/components/picture";
import { ProductCards } from "@/components/product-card";
import { Prose } from "@/components/prose";
import { shop } from "@/config/shop";
import { formatMoney } from "@/texts/money";

import type { Drawn } from "../config";
import type { ProductGridProps } from "../fields";
import { Button, pictureUrl } from "./plain";

const SORT_OF = { NEWEST: "newest", PRICE_ASC: "price", PRICE_DESC: "price-desc", TITLE: "title" } as const;
const MAX_COUNT = 48;

export async function Hero(props: Drawn<"Hero">) {
  const { name, theme, texts } = await shop();
  const url = pictureUrl(props.image);
  return (
    <section className={`hero hero--${props.align}`}>
      <div className="hero__text">
        <h1>{props.title || name}</h1>
        <Prose text={props.text || theme.branding.tagline} className="hero__lead" />
        <Button label={props.buttonLabel || texts.seeAll} url={props.buttonUrl} />
      </div>
      {url ? (
        // eslint-disable-next-line @next/next/no-img-element
        <img className="hero__picture" src={url} alt={props.imageAlt} fetchPriority="high" />
      ) : (
        <NewestPictures />
      )}
    </section>
  );
}

/** The newest products' pictures, where the merchant chose none. */
async function NewestPictures() {
  const newest = await listed({ first: 8, sort: SORTS.newest });
  const shown = newest.filter(({ images }) => images.nodes.length > 0).slice(0, 3);
  if (shown.length === 0) return null;
  return (
    <ul className={`hero__products hero__products--${shown.length}`}>
      {shown.map(({ id, slug, title, images }) => (
        <li key={id}>
          <Link href={`/products/${slug}`} prefetch={false} aria-label={title}>
            <Picture picture={images.nodes[0]} sizes="(min-width: 60rem) 22rem, 45vw" fallbackAlt={title} isFirst />
          </Link>
        </li>
      ))}
    </ul>
  );
}

export async function ProductGrid(props: Drawn<"ProductGrid">) {
  const [own, found] = [await shop(), await listed(variablesOf(props))];
  if (found.length === 0) return null;
  return (
    <section className="section">
      <h2 className={props.title ? undefined : "hidden"}>{props.title || own.texts.products}</h2>
      {props.text && <Prose text={props.text} />}
      <ProductCards products={found} shop={own} />
    </section>
  );
}

export async function FeaturedProduct({ slug, title }: Drawn<"FeaturedProduct">) {
  const { language, texts, settings } = await shop();
  const product = slug ? await passing(productBySlug(slug), null) : null;
  const cheapest = product?.variants.nodes[0];
  if (!product) return null;
  return (
    <section className="section beside beside--left">
      <Picture picture={product.images.nodes[0]} sizes="(min-width: 60rem) 50vw, 100vw" className="beside__picture" />
      <div className="beside__text">
        {title && <p className="eyebrow">{title}</p>}
        <h2>{product.title}</h2>
        {settings.display.showPrices && cheapest && <p>{formatMoney(cheapest.price, language)}</p>}
        <Button label={product.availableForSale ? texts.seeAll : texts.soldOut} url={`/products/${product.slug}`} />
      </div>
    </section>
  );
}

function variablesOf({ count, sort, search, isAvailableOnly }: ProductGridProps): ProductsQueryVariables {
  const words = search.trim().split(/\s+/).slice(0, 8).join(" ");
  const filter = { ...(words && { search: words }), ...(isAvailableOnly === "yes" && { availableForSale: true }) };
  return {
    first: Math.min(MAX_COUNT, Math.max(1, Math.floor(count) || 8)),
    ...(Object.keys(filter).length > 0 && { filter }),
    sort: SORTS[SORT_OF[sort] ?? "newest"],
  };
}

async function listed(variables: ProductsQueryVariables) {
  return (await passing(products(variables), null))?.nodes ?? [];
}
