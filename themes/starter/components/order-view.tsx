"use client";

import Link from "next/link";
import { useEffect, useState, useSyncExternalStore } from "react";

import type { Order } from "@/cart/order";
import { textsOf } from "@/texts";

type Shown = Omit<Order, "total" | "lines"> & {
  total: string;
  lines: (Omit<Order["lines"]["nodes"][number], "unitPrice" | "total" | "product"> & {
    unitPrice: string;
    total: string;
    slug: string | null;
  })[];
};

type Problem = "orderNotFound" | "shopAway" | "tooManyTries";

export function OrderView({ language }: { language: string }) {
  const texts = textsOf(language);
  const token = useSyncExternalStore(onHash, () => location.hash.slice(1), () => "");
  const [found, setFound] = useState<Shown | Problem>();
  useEffect(() => {
    const stop = new AbortController();
    const asked = location.hash.slice(1);
    if (asked) void read(asked, stop.signal).then((answer) => stop.signal.aborted || setFound(answer));
    return () => stop.abort();
  }, [token]);
  if (typeof found === "string") return <h1>{found === "orderNotFound" ? texts.orderNotFound : texts[found]}</h1>;
  if (!found) return <p className="loading">{texts.loading}</p>;
  const address = found.shippingAddress;
  const date = new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(found.placedAt));
  const isEarlier = new URLSearchParams(location.search).has("earlier");
  return (
    <article className="order">
      <p className="eyebrow">
        {texts.orderTitle(found.number)} · {date}
      </p>
      <h1>{texts.thanks}</h1>
      {isEarlier && <p className="notice">{texts.alreadyPlaced}</p>}
      <p>{texts.orderPlaced(found.email)}</p>
      <p className="muted">{texts.keepAddress}</p>
      <dl className="facts">
        <div>
          <dt>{texts.orderStatus}</dt>
          <dd>{found.status === "CANCELLED" ? texts.statusCancelled : texts.statusPlaced}</dd>
        </div>
        {address && (
          <div>
            <dt>{texts.shippedTo}</dt>
            <dd>
              <address>
                {address.name}
                <br />
                {[address.line1, address.line2, `${address.postalCode} ${address.city}`, address.region]
                  .map((part) => part.trim())
                  .filter(Boolean)
                  .join(", ")}
                <br />
                {new Intl.DisplayNames(language, { type: "region" }).of(address.countryCode)}
              </address>
            </dd>
          </div>
        )}
      </dl>
      <ul className="summary">
        {found.lines.map((line) => (
          <li key={line.sku}>
            <span>
              {line.quantity} × {line.slug ? <Link href={`/products/${line.slug}`}>{line.title}</Link> : line.title}{" "}
              {line.variantTitle && <small>{line.variantTitle}</small>}
            </span>
            <span>{line.total}</span>
          </li>
        ))}
      </ul>
      <p className="summary__total">
        {texts.total} <strong>{found.total}</strong>
      </p>
      <p>
        <Link href="/products" className="button button--quiet">
          {texts.keepShopping}
        </Link>
      </p>
    </article>
  );
}

function onHash(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

async function read(token: string, signal: AbortSignal): Promise<Shown | Problem> {
  try {
    const response = await fetch("/api/order", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
      signal,
    });
    if (response.ok) return (await response.json()) as Shown;
    return response.status === 429 ? "tooManyTries" : response.status < 500 ? "orderNotFound" : "shopAway";
  } catch {
    return "shopAway";
  }
}
