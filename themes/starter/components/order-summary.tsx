import type { CheckedCart } from "@/cart/check";
import type { FieldError } from "@/cart/order";
import type { Texts } from "@/texts";

/** What is about to be ordered, with what the API says of its lines. */
export function Summary({ cart, texts, errors }: { cart: CheckedCart; texts: Texts; errors: FieldError[] }) {
  return (
    <>
      <ul className="summary">
        {cart.lines.map((line, index) => {
          const error = errors.find(({ field }) => field.startsWith(`lines.${index}`));
          return (
            <li key={line.variantId}>
              <span>
                {line.quantity} × {line.title} {line.variantTitle && <small>{line.variantTitle}</small>}
              </span>
              <span>{line.total}</span>
              {(error || line.problem) && <span className="line__problem">{texts.outOfStock}</span>}
            </li>
          );
        })}
      </ul>
      <p className="summary__total">
        {texts.total} <strong>{cart.total}</strong>
      </p>
    </>
  );
}
