/** Whether a webhook is Vitrine's: https://www.standardwebhooks.com */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds by which the time of a try may differ from ours: a recorded post is worth nothing after that. */
export const TOLERANCE = 5 * 60;

export type Verdict = "ok" | "unsigned" | "malformed" | "too old" | "wrong signature";

/**
 * @param secrets as Vitrine showed them, `whsec_…`; during a rotation the old and the new one
 * @param body the raw bytes
 * @param now in seconds
 */
export function verify(secrets: string[], headers: Headers, body: Uint8Array, now: number): Verdict {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = headers.get("webhook-signature");
  if (!id || !timestamp || !signatures) return "unsigned";
  if (!/^\d{1,12}$/.test(timestamp)) return "malformed";
  if (Math.abs(now - Number(timestamp)) > TOLERANCE) return "too old";
  const sent = signatures.split(" ").filter((text) => text.startsWith("v1,"));
  const expected = secrets.map((secret) => sign(secret, id, timestamp, body));
  return sent.some((text) => expected.some((mac) => equal(text.slice(3), mac))) ? "ok" : "wrong signature";
}

/** The signature in base64. */
export function sign(secret: string, id: string, timestamp: string, body: Uint8Array): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
