/** What an address of the catalog asks for: `/products?q=lamp&sort=price&stock=1&after=…`. */
import type { ProductsQueryVariables, ProductSort } from "@/api/generated";

export const SORTS = {
  newest: { field: "CREATED_AT", direction: "DESC" },
  price: { field: "PRICE", direction: "ASC" },
  "price-desc": { field: "PRICE", direction: "DESC" },
  title: { field: "TITLE", direction: "ASC" },
} as const satisfies Record<string, ProductSort>;

export type SortName = keyof typeof SORTS;

export interface Listing {
  search: string;
  sort: SortName;
  isAvailableOnly: boolean;
  after?: string;
  before?: string;
}

type Params = Record<string, string | string[] | undefined>;

/** Characters of a search that are looked at; the API takes eight words. */
const MAX_SEARCH = 100;
const MAX_WORDS = 8;
const MAX_CURSOR = 500;

export function readListing(params: Params): Listing {
  const sort = one(params["sort"]);
  const after = one(params["after"]).slice(0, MAX_CURSOR);
  const before = one(params["before"]).slice(0, MAX_CURSOR);
  return {
    search: one(params["q"]).slice(0, MAX_SEARCH).trim().split(/\s+/).slice(0, MAX_WORDS).join(" "),
    sort: Object.hasOwn(SORTS, sort) ? (sort as SortName) : "newest",
    isAvailableOnly: one(params["stock"]) === "1",
    ...(after ? { after } : before ? { before } : {}),
  };
}

export function variablesOf(listing: Listing, pageSize: number): ProductsQueryVariables {
  const { search, sort, isAvailableOnly, after, before } = listing;
  const filter = { ...(search && { search }), ...(isAvailableOnly && { availableForSale: true }) };
  return {
    ...(before ? { last: pageSize, before } : { first: pageSize, ...(after && { after }) }),
    ...(Object.keys(filter).length > 0 && { filter }),
    sort: SORTS[sort],
  };
}

/** The address of a listing; the first page of it where no cursor is in it. */
export function addressOf({ search, sort, isAvailableOnly, after, before }: Listing): string {
  const query = new URLSearchParams();
  if (search) query.set("q", search);
  if (sort !== "newest") query.set("sort", sort);
  if (isAvailableOnly) query.set("stock", "1");
  if (after) query.set("after", after);
  if (before) query.set("before", before);
  return query.size ? `/products?${query}` : "/products";
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}
