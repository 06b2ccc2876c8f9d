"use client";

import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";

import { order, type Outcome, type Sent } from "@/cart/checkout";
import type { FieldError } from "@/cart/order";
import { emptyCart } from "@/cart/store";
import { useCheckedCart } from "@/cart/use-checked-cart";
import { textsOf, type Texts } from "@/texts";
import type { Country } from "@/texts/countries";

import { Field } from "./field";
import { Summary } from "./order-summary";
import { track } from "./track";

interface Props {
  language: string;
  countries: Country[];
  hasNote: boolean;
}

export function CheckoutForm({ language, countries, hasNote }: Props) {
  const texts = textsOf(language);
  const router = useRouter();
  const { cart, checked, isCurrent, problem } = useCheckedCart();
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [failure, setFailure] = useState("");
  const [isSending, setSending] = useState(false);
  const [isDone, setDone] = useState(false);
  const alert = useRef<HTMLDivElement>(null);
  const isEmpty = cart.length === 0;
  useEffect(() => {
    if (!isEmpty) track("checkout", {});
  }, [isEmpty]);
  useEffect(() => {
    if (errors.length > 0 || failure) alert.current?.focus();
  }, [errors, failure]);

  if (isDone) return <p className="loading">{texts.placing}</p>;
  if (isEmpty && checked) {
    return (
      <div className="message">
        <p role="status">{texts.cartEmpty}</p>
        <Link href="/products" className="button">
          {texts.keepShopping}
        </Link>
      </div>
    );
  }

  const submit = async (form: HTMLFormElement) => {
    const given = readForm(form);
    const missing = missingIn(given, texts);
    setFailure("");
    setErrors(missing);
    if (missing.length > 0) return;
    setSending(true);
    const outcome = await order(JSON.stringify({ ...given, lines: cart.map(lineOf) }), localStorage, post);
    setSending(false);
    if ("token" in outcome) {
      setDone(true);
      track("purchase", { orderId: outcome.orderId, value: outcome.total.amount, currency: outcome.total.currencyCode });
      emptyCart();
      window.scrollTo(0, 0); // Next.js does not where an address has a `#`
      router.replace(`/order${outcome.isEarlier ? "?earlier=1" : ""}#${outcome.token}`);
    } else if ("errors" in outcome) setErrors(outcome.errors);
    else setFailure(failureOf(outcome, texts));
  };

  const errorOf = (name: string) => errors.find(({ field }) => field === name);
  const field = (name: string, label: string, rest: Partial<Parameters<typeof Field>[0]> = {}) => (
    <Field name={name} label={label} error={messageOf(errorOf(name), texts)} {...rest} />
  );
  const elsewhere = errors.filter(({ field: name }) => !(name in LABELS));
  return (
    <form
      className="checkout"
      noValidate
      aria-busy={isSending}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending) void submit(event.currentTarget);
      }}
    >
      <div className="checkout__fields">
        <div ref={alert} tabIndex={-1} role="alert" className={errors.length || failure ? "notice notice--danger" : "hidden"}>
          {failure && <p>{failure}</p>}
          {errors.length > 0 && <Faults errors={errors} texts={texts} />}
          {elsewhere.some(({ code }) => code === "OUT_OF_STOCK") && (
            <p>
              <Link href="/cart">{texts.viewCart}</Link>
            </p>
          )}
        </div>
        <fieldset>
          <legend>{texts.contact}</legend>
          {field("email", texts.email, { type: "email", autoComplete: "email", isRequired: true })}
        </fieldset>
        <fieldset>
          <legend>{texts.delivery}</legend>
          {field("shippingAddress.name", texts.name, { autoComplete: "name", isRequired: true })}
          {field("shippingAddress.line1", texts.line1, { autoComplete: "address-line1", isRequired: true })}
          {field("shippingAddress.line2", texts.line2, { autoComplete: "address-line2" })}
          <div className="pair">
            {field("shippingAddress.postalCode", texts.postalCode, { autoComplete: "postal-code" })}
            {field("shippingAddress.city", texts.city, { autoComplete: "address-level2", isRequired: true })}
          </div>
          {field("shippingAddress.region", texts.region, { autoComplete: "address-level1" })}
          {field("shippingAddress.countryCode", texts.country, {
            autoComplete: "country",
            isRequired: true,
            options: countries.map(({ code, name }) => ({ value: code, label: name })),
            placeholder: texts.choose,
          })}
          {field("shippingAddress.phone", texts.phone, { type: "tel", autoComplete: "tel" })}
        </fieldset>
        {hasNote && field("note", texts.note, { isLong: true })}
      </div>
      <aside className="checkout__summary" aria-labelledby="summary">
        <h2 id="summary">{texts.yourOrder}</h2>
        {checked ? <Summary cart={checked} texts={texts} errors={errors} /> : <p>{texts.loading}</p>}
        {problem && <p className="notice notice--danger">{texts[problem]}</p>}
        <button type="submit" className="button button--wide" disabled={isSending || !isCurrent || !checked?.isGood}>
          {isSending ? texts.placing : texts.placeOrder}
        </button>
      </aside>
    </form>
  );
}

function Faults({ errors, texts }: { errors: FieldError[]; texts: Texts }) {
  return (
    <>
      <p>{texts.mend}</p>
      <ul>
        {errors.map((error, index) => {
          const label = LABELS[error.field];
          return (
            <li key={index}>
              {label ? <a href={`#${error.field}`}>{texts[label]}</a> : null} {messageOf(error, texts)}
            </li>
          );
        })}
      </ul>
    </>
  );
}

const LABELS: Record<string, "email" | "name" | "line1" | "line2" | "city" | "region" | "postalCode" | "country" | "phone" | "note"> = {
  email: "email",
  "shippingAddress.name": "name",
  "shippingAddress.line1": "line1",
  "shippingAddress.line2": "line2",
  "shippingAddress.city": "city",
  "shippingAddress.region": "region",
  "shippingAddress.postalCode": "postalCode",
  "shippingAddress.countryCode": "country",
  "shippingAddress.phone": "phone",
  note: "note",
};

const REQUIRED = ["name", "line1", "city", "countryCode"] as const;

interface Given {
  email: string;
  note: string;
  shippingAddress: Record<string, string>;
}

function readForm(form: HTMLFormElement): Given {
  const given: Given = { email: "", note: "", shippingAddress: {} };
  for (const [name, value] of new FormData(form)) {
    const [section, key] = name.split(".");
    const text = String(value).trim();
    if (section === "shippingAddress" && key) given.shippingAddress[key] = text;
    else if (name === "email" || name === "note") given[name] = text;
  }
  return given;
}

/** What can be seen here already; everything else the API says. */
function missingIn({ email, shippingAddress }: Given, texts: Texts): FieldError[] {
  const blank = REQUIRED.filter((name) => !shippingAddress[name]).map((name) => ({
    field: `shippingAddress.${name}`,
    code: "BLANK",
    message: texts.required,
  }));
  if (!email) return [{ field: "email", code: "BLANK", message: texts.required }, ...blank];
  if (!/^\S+@\S+\.\S+$/.test(email)) return [{ field: "email", code: "INVALID", message: texts.emailInvalid }, ...blank];
  return blank;
}

function messageOf(error: FieldError | undefined, texts: Texts): string | undefined {
  if (!error) return undefined;
  if (error.field === "email" && error.code === "INVALID") return texts.emailInvalid;
  const said: Record<string, string> = {
    BLANK: texts.required,
    INVALID: texts.invalid,
    TOO_LONG: texts.tooLong,
    OUT_OF_STOCK: texts.outOfStock,
    NOT_FOUND: texts.outOfStock, // a line's variant, taken out of the shop meanwhile
  };
  return said[error.code] ?? error.message;
}

function failureOf(outcome: Exclude<Sent, { token: string } | { errors: FieldError[] }>, texts: Texts): string {
  const said = {
    conflict: texts.unknownOutcome,
    unknownOutcome: texts.unknownOutcome,
    malformed: texts.errorText,
    tooManyTries: texts.tooManyTries,
    shopAway: texts.unknownOutcome, // it may have been away only after it took the order
  };
  return said[outcome.problem];
}

const lineOf = ({ variantId, quantity }: { variantId: string; quantity: number }) => ({ variantId, quantity });

async function post(body: string, key: string, secret: string): Promise<Outcome> {
  const response = await fetch("/api/checkout", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key, "X-Shopper-Secret": secret },
    body,
  });
  return (await response.json()) as Outcome;
}
