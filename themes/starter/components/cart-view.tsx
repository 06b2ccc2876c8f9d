"use client";

import Link from "next/link";
import { useState } from "react";

import type { CheckedLine } from "@/cart/check";
import { MAX_QUANTITY } from "@/cart/limits";
import { changeQuantity, type CartLine } from "@/cart/store";
import { useCheckedCart } from "@/cart/use-checked-cart";
import { textsOf, type Texts } from "@/texts";

import { Picture } from "./picture";

export function CartView({ language }: { language: string }) {
  const texts = textsOf(language);
  const { cart, checked, isCurrent, problem } = useCheckedCart();
  const [said, say] = useState("");
  const lines = cart.flatMap((line) => {
    const found = checked?.lines.find(({ variantId }) => variantId === line.variantId);
    return found ? [{ line, found }] : [];
  });
  if (!checked || (cart.length > 0 && lines.length === 0)) {
    return <p className="loading">{problem ? texts[problem] : texts.loading}</p>;
  }
  if (cart.length === 0) return <EmptyCart texts={texts} said={said} />;
  return (
    <div className="cart" aria-busy={!isCurrent}>
      <p className="hidden" role="status">
        {said}
      </p>
      {problem && <p className="notice notice--danger">{texts[problem]}</p>}
      {isCurrent && !checked.isGood && <p className="notice notice--danger">{texts.cartNeedsCare}</p>}
      <ul className="lines">
        {lines.map(({ line, found }) => (
          <Line key={line.variantId} line={line} found={found} texts={texts} onRemove={(title) => say(texts.removed(title))} />
        ))}
      </ul>
      <div className="cart__sum">
        <p>
          {texts.total} <strong data-testid="total">{checked.total}</strong>
        </p>
        {isCurrent && checked.isGood ? (
          <Link href="/checkout" className="button button--wide">
            {texts.checkout}
          </Link>
        ) : (
          <span className="button button--wide button--off" aria-disabled="true">
            {texts.checkout}
          </span>
        )}
      </div>
    </div>
  );
}

function EmptyCart({ texts, said }: { texts: Texts; said: string }) {
  return (
    <div className="message">
      <p role="status">
        {said} {texts.cartEmpty}
      </p>
      <Link href="/products" className="button">
        {texts.keepShopping}
      </Link>
    </div>
  );
}

interface LineProps {
  line: CartLine;
  found: CheckedLine;
  texts: Texts;
  onRemove: (title: string) => void;
}

function Line({ line, found, texts, onRemove }: LineProps) {
  const title = found.title || texts.goneFromShop;
  const remove = () => {
    changeQuantity(line.variantId, 0);
    onRemove(title);
  };
  return (
    <li className="line">
      <Picture picture={found.picture ?? undefined} sizes="6rem" />
      <div className="line__about">
        {found.slug ? <Link href={`/products/${found.slug}`}>{title}</Link> : <span>{title}</span>}
        {found.variantTitle && <span className="line__variant">{found.variantTitle}</span>}
        {found.price && (
          <span className="line__variant">
            {found.price} {texts.each}
          </span>
        )}
        <Problem found={found} texts={texts} />
      </div>
      <div className="line__actions">
        {found.problem !== "gone" && (
          <label className="field field--short">
            <span className="hidden">
              {texts.quantity}: {title}
            </span>
            <input
              type="number"
              inputMode="numeric"
              min={1}
              max={MAX_QUANTITY}
              value={line.quantity}
              onChange={(event) => {
                const quantity = Math.floor(event.target.valueAsNumber);
                if (quantity >= 1) changeQuantity(line.variantId, quantity);
              }}
            />
          </label>
        )}
        <span className="line__total">{found.total}</span>
        <button type="button" className="link-button" onClick={remove} aria-label={texts.removeItem(title)}>
          {texts.remove}
        </button>
      </div>
    </li>
  );
}

function Problem({ found, texts }: { found: CheckedLine; texts: Texts }) {
  if (!found.problem) return null;
  const said = {
    gone: texts.goneFromShop,
    soldOut: texts.soldOut,
    tooMany: texts.notThatMany(found.available ?? 0),
  };
  return <span className="line__problem">{said[found.problem]}</span>;
}

