import { expect, it } from "vitest";

import { addressOf, readListing, variablesOf } from "@/catalog/listing";
import { safeUrl } from "@/components/site-link";
import { Limit } from "@/sync/limit";

it("reads an address of the catalog and writes it again", () => {
  const listing = readListing({ q: " brass  lamp ", sort: "price", stock: "1", after: "abc" });
  expect(listing).toEqual({ search: "brass lamp", sort: "price", isAvailableOnly: true, after: "abc" });
  expect(addressOf(listing)).toBe("/products?q=brass+lamp&sort=price&stock=1&after=abc");
  expect(addressOf(readListing({}))).toBe("/products");
});

it("takes whatever people type", () => {
  expect(readListing({ q: "a b c d e f g h i j", sort: "constructor", stock: ["1", "2"] })).toEqual({
    search: "a b c d e f g h",
    sort: "newest",
    isAvailableOnly: true,
  });
});

it("asks for the page before or behind a cursor", () => {
  expect(variablesOf(readListing({}), 24)).toEqual({ first: 24, sort: { field: "CREATED_AT", direction: "DESC" } });
  expect(variablesOf(readListing({ before: "abc", q: "lamp" }), 24)).toMatchObject({
    last: 24,
    before: "abc",
    filter: { search: "lamp" },
  });
});

it("follows no link that would run something", () => {
  for (const url of ["/products", "https://example.com", "mailto:a@b.example", "#top"]) expect(safeUrl(url)).toBe(url);
  for (const url of ["javascript:alert(1)", " JAVASCRIPT:alert(1)", "//evil.example", "data:text/html,x", "", undefined]) {
    expect(safeUrl(url)).toBeUndefined();
  }
});

it("lets nobody try more often than the limit says", () => {
  const limit = new Limit(2, 1);
  const tries = (caller: string, now: number) => limit.allows(caller, now);
  expect([tries("a", 0), tries("a", 0), tries("a", 0), tries("b", 0)]).toEqual([true, true, false, true]);
  expect([tries("a", 1_000), tries("a", 1_000)]).toEqual([true, false]);
});
