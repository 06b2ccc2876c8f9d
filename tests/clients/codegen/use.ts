// What a theme writes: the types of variables and answers come from the schema.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { OrderPlaceDocument, ProductsDocument, type ProductsQuery } from "./types";

type Of<Document> = Document extends TypedDocumentNode<infer Data, infer Variables> ? [Data, Variables] : never;

export const variables: Of<typeof ProductsDocument>[1] = { first: 50 };
export const titles = (data: ProductsQuery): string[] => data.products.edges.map(({ node }) => node.title);
export const price = (data: ProductsQuery): string | undefined =>
  data.products.edges[0]?.node.priceRange.minVariantPrice.amount;
export const order: Of<typeof OrderPlaceDocument>[1] = {
  input: { email: "shopper@example.com", lines: [{ variantId: "ProductVariant_1", quantity: 1 }] },
};
// @ts-expect-error the number of products is needed
export const missing: Of<typeof ProductsDocument>[1] = {};
// @ts-expect-error a product has no such field
export const unknown = (data: ProductsQuery) => data.products.edges[0]?.node.colour;
