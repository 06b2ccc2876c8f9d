"use client";

import { useRouter } from "next/navigation";
import { useRef, useTransition } from "react";

import { addressOf, readListing, type Listing } from "@/catalog/listing";
import { textsOf } from "@/texts";

interface Props {
  listing: Listing;
  language: string;
  sorts: string[];
  hasSearch: boolean;
}

/** A form that works without a script; with one it applies what is chosen at once. */
export function Filters({ listing, language, sorts, hasSearch }: Props) {
  const texts = textsOf(language);
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [isLoading, start] = useTransition();
  const names: Record<string, string> = {
    newest: texts.sortNewest,
    price: texts.sortPriceUp,
    "price-desc": texts.sortPriceDown,
    title: texts.sortTitle,
  };
  const apply = () => {
    const given = Object.fromEntries([...new FormData(form.current!)].map(([name, value]) => [name, String(value)]));
    start(() => router.push(addressOf(readListing(given))));
  };
  return (
    <form
      ref={form}
      key={addressOf(listing)}
      action="/products"
      className="filters"
      aria-label={texts.filters}
      aria-busy={isLoading}
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      {hasSearch && (
        <label className="field filters__search">
          <span>{texts.search}</span>
          <input name="q" type="search" defaultValue={listing.search} maxLength={100} />
        </label>
      )}
      <label className="field">
        <span>{texts.sortBy}</span>
        <select name="sort" defaultValue={listing.sort} onChange={apply}>
          {sorts.map((sort) => (
            <option key={sort} value={sort}>
              {names[sort]}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input type="checkbox" name="stock" value="1" defaultChecked={listing.isAvailableOnly} onChange={apply} />
        <span>{texts.inStockOnly}</span>
      </label>
      <button type="submit" className="button button--quiet">
        {texts.apply}
      </button>
    </form>
  );
}
