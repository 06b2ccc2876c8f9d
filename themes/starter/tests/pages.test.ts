import { beforeEach, describe, expect, it } from "vitest";

import CacheHandler from "@/cache-handler.mjs";
import { expire, expireEverything, forgetSequence, getPage, isFresh, kept, MAX_BYTES, reset, setPage, told } from "@/sync/pages.mjs";

beforeEach(reset);

const handler = new CacheHandler();
const page = (html: string, ...tags: string[]) => ({ kind: "APP_PAGE", html, headers: { "x-next-cache-tags": tags.join(",") } });
const asked = () => `generation:${kept().generation}`;

describe("a page", () => {
  it("is kept until one of its tags changes", async () => {
    await handler.set("/a", page("a", "product:1", asked()));
    await handler.set("/b", page("b", "product:2", asked()));
    await handler.revalidateTag("product:1");
    expect(await handler.get("/a")).toBeNull();
    expect(await handler.get("/b")).toMatchObject({ value: { html: "b" } });
  });

  it("is not kept as new where the change came while it was being made", async () => {
    const before = asked();
    await handler.revalidateTag(["product:1"]);
    await handler.set("/a", page("the old price", "product:1", before));
    expect(await handler.get("/a")).toBeNull();
    await handler.set("/a", page("the new price", "product:1", asked()));
    expect(await handler.get("/a")).not.toBeNull();
  });

  it("is as old as the oldest of what it shows", async () => {
    const before = asked();
    expire(["config"]);
    await handler.set("/a", page("a", "products", "config", asked(), before));
    expect(await handler.get("/a")).toBeNull();
  });

  it("that shows less than there is is never shown again", async () => {
    await handler.set("/a", page("a", "generation:-1"));
    expect(await handler.get("/a")).toBeNull();
  });

  it("goes when everything changed, without tags too", async () => {
    await handler.set("/a", page("a", asked()));
    await handler.set("/b", page("b", "product:1", asked()));
    expireEverything();
    expect([await handler.get("/a"), await handler.get("/b")]).toEqual([null, null]);
    expect(isFresh([], kept().generation)).toBe(true);
  });

  it("that was used least recently goes when there are too many", () => {
    const big = (key: string) => setPage(key, { value: key, lastModified: 0, tags: [], generation: 0, bytes: MAX_BYTES / 2 });
    big("/a");
    big("/b");
    getPage("/a");
    big("/c");
    expect(["/a", "/b", "/c"].map((key) => getPage(key)?.value)).toEqual(["/a", undefined, "/c"]);
    expect(kept().bytes).toBe(MAX_BYTES);
  });

  it("is never an answer of the API: those are kept elsewhere", async () => {
    await handler.set("answer", { kind: "FETCH" });
    expect(await handler.get("answer")).toBeNull();
  });
});

describe("the newest event", () => {
  it("is the highest that was told, in whatever order", () => {
    for (const sequence of [5, 9, 7]) told(sequence);
    expect(kept().sequence).toBe(9);
  });

  it("is forgotten where the count is another, and only there", () => {
    told(9);
    expireEverything();
    expect(kept().sequence).toBe(9);
    forgetSequence();
    expect(kept().sequence).toBe(0);
  });
});

it("remembers so many changes, and then forgets all pages instead", async () => {
  await handler.set("/a", page("a", "never", asked()));
  for (let number = 0; number <= 10_000; number += 1) expire([`product:${number}`]);
  expect(kept().expired.size).toBeLessThan(10_001);
  expect(await handler.get("/a")).toBeNull();
});
