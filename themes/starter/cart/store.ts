/** The cart, in this browser: which variants and how many. What they cost and whether there are any, the server says. */
import { useSyncExternalStore } from "react";

import { MAX_LINES, MAX_QUANTITY } from "./limits";

export interface CartLine {
  variantId: string;
  quantity: number;
  /** What one cost when it was put in, to say so when it changed. */
  price: string;
}

const KEY = "vitrine-cart";
const EMPTY: CartLine[] = [];

let text: string | null = null;
let lines = EMPTY;
const listeners = new Set<() => void>();

export function useCart(): CartLine[] {
  return useSyncExternalStore(subscribe, readCart, () => EMPTY);
}

export function readCart(): CartLine[] {
  const now = stored();
  if (now !== text) {
    text = now;
    lines = parseCart(now);
  }
  return lines;
}

/** What another version of the theme wrote is looked at as if a stranger had. */
export function parseCart(json: string | null): CartLine[] {
  try {
    const found: unknown = JSON.parse(json ?? "[]");
    return Array.isArray(found) ? found.filter(isLine).slice(0, MAX_LINES) : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** `line` more; of what is there already, so many more. */
export function addLine(cart: CartLine[], line: CartLine): CartLine[] {
  const before = cart.find(({ variantId }) => variantId === line.variantId);
  if (!before) return [...cart, line].slice(0, MAX_LINES);
  const quantity = Math.min(MAX_QUANTITY, before.quantity + line.quantity);
  return cart.map((each) => (each === before ? { ...line, quantity } : each));
}

/** None of it takes it out. */
export function setQuantity(cart: CartLine[], variantId: string, quantity: number): CartLine[] {
  if (quantity < 1) return cart.filter((line) => line.variantId !== variantId);
  const bounded = Math.min(MAX_QUANTITY, Math.floor(quantity));
  return cart.map((line) => (line.variantId === variantId ? { ...line, quantity: bounded } : line));
}

export function addToCart(line: CartLine): void {
  write(addLine(readCart(), line));
}

export function changeQuantity(variantId: string, quantity: number): void {
  write(setQuantity(readCart(), variantId, quantity));
}

export function emptyCart(): void {
  write(EMPTY);
}

/** Where the browser keeps nothing, the cart lives as long as the page. */
let memory: string | null = null;

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return memory;
  }
}

function write(cart: CartLine[]): void {
  memory = JSON.stringify(cart);
  try {
    localStorage.setItem(KEY, memory);
  } catch {
    // kept in memory
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("storage", listener); // another tab
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}

function isLine(value: unknown): value is CartLine {
  const line = value as Partial<CartLine> | null;
  return (
    typeof line?.variantId === "string" &&
    typeof line.price === "string" &&
    Number.isInteger(line.quantity) &&
    line.quantity! >= 1 &&
    line.quantity! <= MAX_QUANTITY
  );
}
