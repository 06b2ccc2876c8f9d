/** A cart as the API has it: what is sold, what it costs, whether there are that many. */
import "server-only";

import { CartLinesDocument, type CartLinesQuery, type PictureFragment } from "@/api/generated";
import { send } from "@/api/send";
import { formatMoney, sum, times } from "@/texts/money";

import { MAX_LINES, MAX_QUANTITY } from "./limits";

export interface AskedLine {
  variantId: string;
  quantity: number;
}

export interface CheckedLine {
  variantId: string;
  quantity: number;
  /** What is wrong: it is no longer sold, sold out, or there are fewer. */
  problem: "gone" | "soldOut" | "tooMany" | null;
  /** How many there are, where the shop says. */
  available: number | null;
  title: string;
  variantTitle: string;
  slug: string | null;
  picture: PictureFragment | null;
  /** A decimal, and as people write it. */
  amount: string;
  price: string;
  total: string;
}

export interface CheckedCart {
  lines: CheckedLine[];
  total: string;
  isGood: boolean;
}

/** The lines of a request; undefined where it holds none that could be. */
export function readLines(body: unknown): AskedLine[] | undefined {
  const lines = (body as { lines?: unknown } | null)?.lines;
  if (!Array.isArray(lines) || lines.length > MAX_LINES || !lines.every(isLine)) return undefined;
  return lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
}

/** @throws ApiAway */
export async function checkCart(asked: AskedLine[], language: string): Promise<CheckedCart> {
  if (asked.length === 0) return { lines: [], total: "", isGood: false };
  const ids = asked.map(({ variantId }) => variantId);
  const { nodes } = await send(CartLinesDocument, { ids }, { isPersonal: true });
  const lines = asked.map((line, index) => checkLine(line, nodes[index], language));
  const prices = asked.flatMap((line, index) => {
    const node = nodes[index];
    return node && "price" in node ? [times(node.price, line.quantity)] : [];
  });
  const total = sum(prices);
  return {
    lines,
    total: total ? formatMoney(total, language) : "",
    isGood: lines.every(({ problem }) => problem === null),
  };
}

function checkLine(line: AskedLine, node: CartLinesQuery["nodes"][number] | undefined, language: string): CheckedLine {
  if (!node || !("price" in node)) {
    const nothing = { title: "", variantTitle: "", slug: null, picture: null, amount: "", price: "", total: "" };
    return { ...line, ...nothing, problem: "gone", available: 0 };
  }
  const { availableForSale, quantityAvailable: available, product } = node;
  const tooMany = available !== null && available < line.quantity;
  return {
    ...line,
    problem: !availableForSale ? "soldOut" : tooMany ? "tooMany" : null,
    available,
    title: product?.title ?? node.sku,
    variantTitle: node.title,
    slug: product?.slug ?? null,
    picture: product?.images.nodes[0] ?? null,
    amount: node.price.amount,
    price: formatMoney(node.price, language),
    total: formatMoney(times(node.price, line.quantity), language),
  };
}

function isLine(value: unknown): value is AskedLine {
  const { variantId, quantity } = (value ?? {}) as Partial<AskedLine>;
  return (
    typeof variantId === "string" &&
    variantId.length <= 200 &&
    Number.isInteger(quantity) &&
    quantity! >= 1 &&
    quantity! <= MAX_QUANTITY
  );
}
