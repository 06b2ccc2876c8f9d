import { useEffect, useState } from "react";

import type { CheckedCart } from "./check";
import { useCart, type CartLine } from "./store";

interface Checked {
  cart: CartLine[];
  /** What the server said last; undefined until it said something. */
  checked: CheckedCart | undefined;
  /** Whether that is of this cart. */
  isCurrent: boolean;
  problem: "shopAway" | "tooManyTries" | null;
}

/** Milliseconds: who presses + five times asks once. */
const PAUSE = 150;

/** The cart, and what the server says of it. */
export function useCheckedCart(): Checked {
  const cart = useCart();
  const [answer, setAnswer] = useState<{ cart: CartLine[]; checked?: CheckedCart; problem: Checked["problem"] }>();
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void check(cart, stop.signal).then((found) => {
        if (!stop.signal.aborted) setAnswer((last) => ({ cart, checked: found.checked ?? last?.checked, problem: found.problem }));
      });
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [cart]);
  return { cart, checked: answer?.checked, isCurrent: answer?.cart === cart, problem: answer?.problem ?? null };
}

async function check(cart: CartLine[], signal: AbortSignal) {
  const lines = cart.map(({ variantId, quantity }) => ({ variantId, quantity }));
  try {
    const response = await fetch("/api/cart", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ lines }),
      signal,
    });
    if (response.ok) return { checked: (await response.json()) as CheckedCart, problem: null };
    return { problem: response.status === 429 ? ("tooManyTries" as const) : ("shopAway" as const) };
  } catch {
    return { problem: "shopAway" as const };
  }
}
