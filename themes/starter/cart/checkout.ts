/**
 * Ordering once, whatever happens on the way. Every try of a checkout goes under one key, which is kept until the order is
 * there. Where nothing came back, what was sent is kept too: if it had arrived, and something else is sent under its key, the
 * API says CONFLICT; then what was sent before is sent again, which answers with the order that was placed.
 */
import type { Placed } from "./order";

const ATTEMPT = "vitrine-checkout";
const SECRET = "vitrine-shopper";

interface Attempt {
  key: string;
  /** What was sent and perhaps arrived, the first first. */
  bodies: string[];
}

export type Outcome =
  | Placed
  | { problem: "unknownOutcome" | "tooManyTries" | "shopAway" | "malformed" };

export type Sent = Outcome & { isEarlier?: boolean };

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** @param send posts `body` and gives what came of it; it rejects where nothing came back */
export async function order(
  body: string,
  store: Store,
  send: (body: string, key: string, secret: string) => Promise<Outcome>,
): Promise<Sent> {
  const attempt = read(store);
  const secret = shopperSecret(store);
  const earlier = attempt.bodies.filter((text) => text !== body);
  write(store, { ...attempt, bodies: [...earlier, body] });
  for (const text of [body, ...earlier]) {
    const outcome = await sent(text);
    if ("problem" in outcome && outcome.problem === "conflict") continue; // another of them was the one
    if ("token" in outcome) store.removeItem(ATTEMPT);
    else if ("errors" in outcome) write(store, { ...attempt, bodies: earlier }); // refused: nothing came of it
    return text === body ? outcome : { ...outcome, isEarlier: true };
  }
  return { problem: "unknownOutcome" };

  async function sent(text: string): Promise<Outcome> {
    try {
      return await send(text, attempt.key, secret);
    } catch {
      return { problem: "unknownOutcome" };
    }
  }
}

function read(store: Store): Attempt {
  try {
    const found = JSON.parse(store.getItem(ATTEMPT) ?? "null") as Attempt | null;
    if (typeof found?.key === "string" && Array.isArray(found.bodies)) return found;
  } catch {
    // written by nobody we know
  }
  return { key: crypto.randomUUID(), bodies: [] };
}

function write(store: Store, attempt: Attempt): void {
  store.setItem(ATTEMPT, JSON.stringify(attempt));
}

/** Tells this browser's keys from other shoppers'. */
function shopperSecret(store: Store): string {
  const found = store.getItem(SECRET);
  if (found) return found;
  const made = crypto.randomUUID() + crypto.randomUUID();
  store.setItem(SECRET, made);
  return made;
}
