import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";

import { ApiRefused } from "@/api/send";
import { addressOf, readListing, SORTS, variablesOf, type Listing } from "@/catalog/listing";
import { products } from "@/catalog/products";
import { Filters } from "@/components/filters";
import { ProductCards } from "@/components/product-card";
import { ShownBanners } from "@/components/shown-banners";
import { pageMetadata } from "@/config/metadata";
import { shop } from "@/config/shop";

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ searchParams }: Props): Promise<Metadata> {
  const { texts } = await shop();
  const { search } = readListing(await searchParams);
  // Searches are endless: search engines are shown the catalog itself.
  return { ...pageMetadata("/products", { title: texts.products }), ...(search && { robots: { index: false } }) };
}

export default async function Catalog({ searchParams }: Props) {
  const own = await shop();
  const listing = readListing(await searchParams);
  const found = await page(listing, own.settings.display.productsPerPage);
  const { texts } = own;
  const isFiltered = Boolean(listing.search || listing.isAvailableOnly);
  return (
    <>
      <ShownBanners type="CATEGORY" isFirst />
      <div className="section">
        <h1>{listing.search ? texts.search : texts.allProducts}</h1>
        <Filters listing={listing} language={own.language} sorts={Object.keys(SORTS)} hasSearch={own.settings.features.search} />
        <p className="count" role="status">
          {listing.search ? texts.resultsFor(found.totalCount, listing.search) : texts.results(found.totalCount)}
        </p>
        {found.nodes.length > 0 ? (
          <ProductCards products={found.nodes} shop={own} firstSeen={4} />
        ) : (
          <p className="empty">
            {isFiltered ? texts.noMatches : texts.noProducts}{" "}
            {isFiltered && <Link href="/products">{texts.clearFilters}</Link>}
          </p>
        )}
        <Pages listing={listing} pageInfo={found.pageInfo} label={texts.pages} previous={texts.previous} next={texts.next} />
      </div>
    </>
  );
}

async function page(listing: Listing, pageSize: number) {
  try {
    return await products(variablesOf(listing, pageSize));
  } catch (error) {
    const hasCursor = listing.after !== undefined || listing.before !== undefined;
    if (!(error instanceof ApiRefused) || !hasCursor) throw error;
    redirect(addressOf({ ...listing, after: undefined, before: undefined })); // a mistyped cursor
  }
}

interface PagesProps {
  listing: Listing;
  pageInfo: Awaited<ReturnType<typeof products>>["pageInfo"];
  label: string;
  previous: string;
  next: string;
}

function Pages({ listing, pageInfo, label, previous, next }: PagesProps) {
  const { hasPreviousPage, hasNextPage, startCursor, endCursor } = pageInfo;
  if (!hasPreviousPage && !hasNextPage) return null;
  const at = (cursor: { after?: string | null; before?: string | null }) =>
    addressOf({ ...listing, after: cursor.after ?? undefined, before: cursor.before ?? undefined });
  return (
    <nav className="pages" aria-label={label}>
      {hasPreviousPage && (
        <Link href={at({ before: startCursor })} rel="prev" className="button button--quiet">
          ← {previous}
        </Link>
      )}
      {hasNextPage && (
        <Link href={at({ after: endCursor })} rel="next" className="button button--quiet">
          {next} →
        </Link>
      )}
    </nav>
  );
}
