"use client";

import Link from "next/link";

import { useCart } from "@/cart/store";
import { textsOf } from "@/texts";

import { CartIcon } from "./icons";

export function CartLink({ language }: { language: string }) {
  const count = useCart().reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <Link href="/cart" prefetch={false} className="icon-button cart-link" aria-label={textsOf(language).cartCount(count)}>
      <CartIcon />
      {count > 0 && (
        <span className="cart-link__count" aria-hidden="true">
          {count}
        </span>
      )}
    </Link>
  );
}
