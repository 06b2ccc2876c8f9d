"use client";

import Link from "next/link";
import { useEffect, useState } from "react";

import { MAX_QUANTITY } from "@/cart/limits";
import { addToCart } from "@/cart/store";
import { textsOf } from "@/texts";

import { track } from "./track";

interface Variant {
  id: string;
  title: string;
  /** A decimal, and as people write it. */
  amount: string;
  price: string;
  isAvailable: boolean;
  /** Null where the shop does not say. */
  available: number | null;
}

interface Props {
  product: { id: string; slug: string; title: string };
  variants: Variant[];
  language: string;
  showPrices: boolean;
  showStock: boolean;
}

/** From this many on a list is easier than buttons. */
const MANY = 12;
/** Fewer than this are worth saying. */
const FEW = 6;

export function Purchase({ product, variants, language, showPrices, showStock }: Props) {
  const texts = textsOf(language);
  const [chosen, choose] = useState((variants.find(({ isAvailable }) => isAvailable) ?? variants[0])?.id);
  const [quantity, setQuantity] = useState(1);
  const [isAdded, setAdded] = useState(false);
  const variant = variants.find(({ id }) => id === chosen) ?? variants[0];
  useEffect(() => {
    track("productView", { productId: product.id, title: product.title });
  }, [product.id, product.title]);
  if (!variant) return null;
  const most = Math.min(MAX_QUANTITY, variant.available ?? MAX_QUANTITY);
  const change = (id: string) => {
    choose(id);
    setAdded(false);
  };
  const add = () => {
    const count = Math.max(1, Math.min(quantity, most));
    addToCart({ variantId: variant.id, quantity: count, price: variant.amount });
    setAdded(true);
    track("addToCart", { productId: product.id, variantId: variant.id, quantity: count, price: variant.amount });
  };
  return (
    <form
      className="purchase"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      {showPrices && <p className="purchase__price">{variant.price}</p>}
      {variants.length > 1 && <Options variants={variants} chosen={variant.id} choose={change} label={texts.option} soldOut={texts.soldOut} />}
      <p className={variant.isAvailable ? "stock stock--there" : "stock stock--gone"} role="status">
        {!variant.isAvailable
          ? texts.soldOut
          : showStock && variant.available !== null && variant.available < FEW
            ? texts.fewLeft(variant.available)
            : texts.inStock}
      </p>
      <div className="purchase__row">
        <label className="field field--short">
          <span>{texts.quantity}</span>
          <input
            type="number"
            inputMode="numeric"
            min={1}
            max={most || 1}
            value={quantity}
            disabled={!variant.isAvailable}
            onChange={(event) => setQuantity(Math.floor(event.target.valueAsNumber) || 1)}
          />
        </label>
        <button type="submit" className="button button--wide" disabled={!variant.isAvailable}>
          {variant.isAvailable ? texts.addToCart : texts.soldOut}
        </button>
      </div>
      <p className="purchase__added" role="status">
        {isAdded && (
          <>
            {texts.added(product.title)} <Link href="/cart">{texts.viewCart}</Link>
          </>
        )}
      </p>
    </form>
  );
}

interface OptionsProps {
  variants: Variant[];
  chosen: string;
  choose: (id: string) => void;
  label: string;
  soldOut: string;
}

function Options({ variants, chosen, choose, label, soldOut }: OptionsProps) {
  if (variants.length > MANY) {
    return (
      <label className="field">
        <span>{label}</span>
        <select value={chosen} onChange={(event) => choose(event.target.value)}>
          {variants.map((variant) => (
            <option key={variant.id} value={variant.id}>
              {variant.isAvailable ? variant.title : `${variant.title} – ${soldOut}`}
            </option>
          ))}
        </select>
      </label>
    );
  }
  return (
    <fieldset className="options">
      <legend>{label}</legend>
      {variants.map((variant) => (
        <label key={variant.id} className={variant.isAvailable ? "option" : "option option--gone"}>
          <input
            type="radio"
            name="variant"
            value={variant.id}
            checked={variant.id === chosen}
            onChange={() => choose(variant.id)}
          />
          <span>
            {variant.title}
            {!variant.isAvailable && <span className="hidden"> – {soldOut}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
