/** Placing an order and reading it back. */
import "server-only";

import { OrderByTokenDocument, OrderPlaceDocument, type OrderByTokenQuery, type OrderPlaceInput } from "@/api/generated";
import { ApiRefused, send } from "@/api/send";

import { readLines } from "./check";

export interface FieldError {
  /** As the form names it: `email`, `shippingAddress.city`, `lines.0.quantity`. */
  field: string;
  code: string;
  message: string;
}

export type Placed =
  | { orderId: string; number: number; token: string; total: { amount: string; currencyCode: string } }
  | { errors: FieldError[] }
  | { problem: "conflict" };

const ADDRESS = ["name", "line1", "line2", "city", "region", "postalCode", "countryCode", "phone"] as const;

/** The input of a request, every text in it a text; undefined where it is none. What is wrong with it, the API says. */
export function readOrder(body: unknown): OrderPlaceInput | undefined {
  const lines = readLines(body);
  const { email, note, shippingAddress } = (body ?? {}) as Record<string, unknown>;
  if (!lines || typeof email !== "string" || typeof shippingAddress !== "object" || !shippingAddress) return undefined;
  const given = shippingAddress as Record<string, unknown>;
  const address = Object.fromEntries(ADDRESS.map((name) => [name, textOf(given[name])]));
  return {
    email: email.trim(),
    lines,
    ...(textOf(note) && { note: textOf(note) }),
    shippingAddress: address as OrderPlaceInput["shippingAddress"],
  };
}

/** @throws ApiAway: whether it was placed is not known; the same again under the same key finds out */
export async function placeOrder(input: OrderPlaceInput, idempotencyKey: string, shopperSecret: string): Promise<Placed> {
  try {
    const { orderPlace } = await send(OrderPlaceDocument, { input }, { idempotencyKey, shopperSecret, isPersonal: true });
    if (orderPlace?.order && orderPlace.orderToken) {
      const { id, number, total } = orderPlace.order;
      return { orderId: id, number, total, token: orderPlace.orderToken };
    }
    return { errors: (orderPlace?.userErrors ?? []).map(errorOf) };
  } catch (error) {
    if (error instanceof ApiRefused && error.code === "CONFLICT") return { problem: "conflict" };
    if (error instanceof ApiRefused) return { errors: [{ field: "", code: error.code, message: error.message }] };
    throw error;
  }
}

export type Order = NonNullable<OrderByTokenQuery["orderByToken"]>;

/** @throws ApiAway */
export async function orderByToken(token: string): Promise<Order | null> {
  return (await send(OrderByTokenDocument, { token }, { isPersonal: true })).orderByToken;
}

function errorOf({ code, field, message }: { code: string; field: string[] | null; message: string }): FieldError {
  return { code, message, field: (field ?? []).filter((part, index) => index > 0 || part !== "input").join(".") };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
