import { describe, expect, it } from "vitest";

import { order, type Outcome } from "@/cart/checkout";
import { addLine, parseCart, setQuantity } from "@/cart/store";

const line = (variantId: string, quantity: number) => ({ variantId, quantity, price: "1.00" });

describe("a cart", () => {
  it("has each variant once", () => {
    expect(addLine([line("a", 1)], line("a", 2))).toEqual([line("a", 3)]);
    expect(addLine([line("a", 1)], line("b", 2))).toEqual([line("a", 1), line("b", 2)]);
  });

  it("holds so many lines, and of each so many", () => {
    const full = Array.from({ length: 100 }, (_, index) => line(String(index), 1));
    expect(addLine(full, line("one more", 1))).toEqual(full);
    expect(addLine([line("a", 9_999)], line("a", 5))).toEqual([line("a", 10_000)]);
    expect(setQuantity([line("a", 1)], "a", 99_999)).toEqual([line("a", 10_000)]);
  });

  it("loses what none is wanted of", () => {
    expect(setQuantity([line("a", 1), line("b", 1)], "a", 0)).toEqual([line("b", 1)]);
  });

  it("is read as if a stranger had written it", () => {
    const good = line("a", 1);
    const bad = [null, 1, {}, { ...good, quantity: 0 }, { ...good, quantity: 1.5 }, { ...good, variantId: 7 }];
    expect(parseCart(JSON.stringify([good, ...bad]))).toEqual([good]);
    for (const text of [null, "", "{", "{}", "7"]) expect(parseCart(text)).toEqual([]);
  });
});

/** The API as it is to one shopper: what was placed under which key, and for which body. */
class Shop {
  placed = new Map<string, { body: string; token: string }>();
  isMute = false;
  refuses = false;
  readonly store = new Map<string, string>();

  readonly storage = {
    getItem: (name: string) => this.store.get(name) ?? null,
    setItem: (name: string, value: string) => void this.store.set(name, value),
    removeItem: (name: string) => void this.store.delete(name),
  };

  order(body: string) {
    return order(body, this.storage, async (text, key) => this.answer(text, key));
  }

  private answer(body: string, key: string): Outcome {
    const before = this.placed.get(key);
    if (before && before.body !== body) return { problem: "conflict" };
    if (this.refuses) return { errors: [{ field: "email", code: "INVALID", message: "" }] };
    const token = before?.token ?? `token-${this.placed.size + 1}`;
    this.placed.set(key, { body, token });
    if (this.isMute) throw new TypeError("network");
    return { orderId: "Order_1", number: 1, token, total: { amount: "1", currencyCode: "EUR" } };
  }
}

describe("an order", () => {
  it("is placed once where the answer was lost", async () => {
    const shop = new Shop();
    shop.isMute = true;
    expect(await shop.order("one lamp")).toEqual({ problem: "unknownOutcome" });
    shop.isMute = false;
    expect(await shop.order("one lamp")).toMatchObject({ token: "token-1" });
    expect(shop.placed.size).toBe(1);
  });

  it("that arrived unheard is found again, though the shopper changed something since, twice", async () => {
    const shop = new Shop();
    shop.isMute = true;
    await shop.order("one lamp");
    await shop.order("two lamps");
    shop.isMute = false;
    expect(await shop.order("three lamps")).toMatchObject({ token: "token-1", isEarlier: true });
    expect([...shop.placed.values()].map(({ body }) => body)).toEqual(["one lamp"]);
  });

  it("that was refused is mended under the same key", async () => {
    const shop = new Shop();
    shop.refuses = true;
    expect(await shop.order("no address")).toMatchObject({ errors: [{ field: "email" }] });
    shop.refuses = false;
    expect(await shop.order("an address")).toMatchObject({ token: "token-1" });
  });

  it("is followed by another under another key", async () => {
    const shop = new Shop();
    await shop.order("one lamp");
    expect(await shop.order("one lamp")).toMatchObject({ token: "token-2" });
  });
});
