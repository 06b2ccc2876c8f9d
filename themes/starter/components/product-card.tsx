import Link from "next/link";

import type { ProductCardFragment } from "@/api/generated";
import type { Shop } from "@/config/shop";
import { formatMoney } from "@/texts/money";

import { Picture } from "./picture";

interface Props {
  product: ProductCardFragment;
  shop: Pick<Shop, "language" | "texts" | "settings">;
  isFirst?: boolean;
}

export function ProductCard({ product, shop, isFirst = false }: Props) {
  const [front, back] = product.images.nodes;
  return (
    <article className="card">
      <div className="card__pictures">
        <Picture picture={front} sizes="(min-width: 64rem) 20rem, (min-width: 40rem) 33vw, 50vw" isFirst={isFirst} />
        {back && <Picture picture={{ ...back, altText: "" }} sizes="20rem" className="card__back" />}
        {!product.availableForSale && <span className="tag">{shop.texts.soldOut}</span>}
      </div>
      <h3 className="card__title">
        <Link href={`/products/${product.slug}`} prefetch={false}>
          {product.title}
        </Link>
      </h3>
      {shop.settings.display.showPrices && <p className="card__price">{priceOf(product, shop)}</p>}
    </article>
  );
}

function priceOf({ priceRange }: ProductCardFragment, { language, texts }: Props["shop"]): string {
  const { minVariantPrice, maxVariantPrice } = priceRange;
  const least = formatMoney(minVariantPrice, language);
  return minVariantPrice.amount === maxVariantPrice.amount ? least : texts.from(least);
}

/** Cards side by side, as many as there is room for. */
export function ProductCards({
  products,
  shop,
  firstSeen = 0,
}: {
  products: ProductCardFragment[];
  shop: Props["shop"];
  /** How many of them are seen at once when the page opens. */
  firstSeen?: number;
}) {
  return (
    <ul className="cards">
      {products.map((product, index) => (
        <li key={product.id}>
          <ProductCard product={product} shop={shop} isFirst={index < firstSeen} />
        </li>
      ))}
    </ul>
  );
}
