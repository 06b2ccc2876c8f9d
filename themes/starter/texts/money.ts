/** Prices, as people of a language write them. */

export interface Money {
  /** A decimal. */
  amount: string;
  /** ISO 4217. */
  currencyCode: string;
}

/** `1 234 F CFA`, `¥1,234`, `12,50 €`: with as many digits as the currency has. */
export function formatMoney(money: Money, language: string): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency: money.currencyCode });
  return format.format(money.amount as Intl.StringNumericLiteral);
}

/** `quantity` of them. Counted in the currency's smallest unit: decimals would lose some. */
export function times(price: Money, quantity: number): Money {
  const { units, digits } = split(price.amount);
  return { ...price, amount: join(units * BigInt(quantity), digits) };
}

/** All of them, which are of one currency; undefined of none. */
export function sum(prices: Money[]): Money | undefined {
  const [first] = prices;
  if (!first) return undefined;
  const digits = Math.max(...prices.map((price) => split(price.amount).digits));
  const units = prices.reduce((all, { amount }) => {
    const one = split(amount);
    return all + one.units * 10n ** BigInt(digits - one.digits);
  }, 0n);
  return { ...first, amount: join(units, digits) };
}

function split(amount: string): { units: bigint; digits: number } {
  const [whole = "0", part = ""] = amount.split(".");
  return { units: BigInt(whole + part), digits: part.length };
}

function join(units: bigint, digits: number): string {
  if (digits === 0) return String(units);
  const text = String(units).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
