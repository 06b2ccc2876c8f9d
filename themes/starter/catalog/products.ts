/** Products, for the page that is being rendered. */
import "server-only";

import { ask } from "@/api/ask";
import {
  ProductBySlugDocument,
  ProductsDocument,
  ProductSlugsDocument,
  type ProductBySlugQuery,
  type ProductSlugsQuery,
  type ProductsQuery,
  type ProductsQueryVariables,
} from "@/api/generated";
import { PRODUCTS, productTag } from "@/sync/tags";

import { SORTS } from "./listing";

export type Product = NonNullable<ProductBySlugQuery["productBySlug"]>;
export type Products = ProductsQuery["products"];

const listed = () => [PRODUCTS];

/** @throws ApiAway, ApiRefused (a cursor that is none) */
export async function products(variables: ProductsQueryVariables): Promise<Products> {
  return (await ask(ProductsDocument, variables, listed)).products;
}

/** Some other products, on the page of one: it changes with these, and takes up new ones when it is next made. */
const shown = ({ products: { nodes } }: ProductsQuery) => nodes.map(({ id }) => productTag(id));

/** @throws ApiAway */
export async function otherProducts(id: string, count: number): Promise<Products["nodes"]> {
  const variables: ProductsQueryVariables = { first: count + 1, filter: { availableForSale: true }, sort: SORTS.newest };
  const { nodes } = (await ask(ProductsDocument, variables, shown)).products;
  return nodes.filter((product) => product.id !== id).slice(0, count);
}

/** A page of nothing changes with any product: one of this slug may come. */
const tagsOfProduct = ({ productBySlug }: ProductBySlugQuery) =>
  productBySlug ? [productTag(productBySlug.id)] : [PRODUCTS];

/** @throws ApiAway */
export async function productBySlug(slug: string): Promise<Product | null> {
  return (await ask(ProductBySlugDocument, { slug }, tagsOfProduct)).productBySlug;
}

/** Products of the sitemap, at most. */
const MAX_SLUGS = 10_000;

/** @throws ApiAway */
export async function productSlugs(): Promise<{ slug: string; updatedAt: string }[]> {
  const found: { slug: string; updatedAt: string }[] = [];
  let after: string | null = null;
  do {
    const page: ProductSlugsQuery["products"] = (await ask(ProductSlugsDocument, { after }, listed)).products;
    found.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after && found.length < MAX_SLUGS);
  return found;
}
