import { describe, expect, it } from "vitest";

import { formatMoney, sum, times } from "@/texts/money";

const euros = (amount: string) => ({ amount, currencyCode: "EUR" });

describe("a price", () => {
  it.each([
    ["1234.50", "EUR", "en", "€1,234.50"],
    ["1234.50", "EUR", "de", "1.234,50 €"],
    ["1234", "JPY", "en", "¥1,234"],
    ["1234", "XAF", "fr", "1 234 FCFA"],
    ["1.234", "KWD", "en", "KWD 1.234"],
    ["90071992547409.93", "EUR", "en", "€90,071,992,547,409.93"],
  ])("%s %s is written in %s as %s", (amount, currencyCode, language, text) => {
    expect(formatMoney({ amount, currencyCode }, language).replace(/\s/g, " ")).toBe(text);
  });

  it("is multiplied and added to the last unit", () => {
    expect(times(euros("0.10"), 3)).toEqual(euros("0.30"));
    expect(times({ amount: "7", currencyCode: "JPY" }, 10_000).amount).toBe("70000");
    expect(sum([euros("0.10"), euros("0.2"), euros("9007199254740993")])?.amount).toBe("9007199254740993.30");
    expect(sum([])).toBeUndefined();
  });
});
