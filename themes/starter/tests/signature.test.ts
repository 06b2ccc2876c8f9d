import { describe, expect, it } from "vitest";

import { sign, TOLERANCE, verify } from "@/sync/signature";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==";
const NOW = 1_795_254_000;
const body = Buffer.from('{"event_type":"product.updated"}');

function headers(changes: Record<string, string | null> = {}, secret = SECRET): Headers {
  const timestamp = changes["webhook-timestamp"] ?? String(NOW);
  const signed = { "webhook-id": "event-1", "webhook-timestamp": timestamp, "webhook-signature": `v1,${sign(secret, "event-1", timestamp, body)}` };
  const all = Object.entries({ ...signed, ...changes }).filter(([, value]) => value !== null);
  return new Headers(all as [string, string][]);
}

describe("a webhook's signature", () => {
  it("is the one of the Standard Webhooks specification", () => {
    // The example of https://www.standardwebhooks.com, made by its own library.
    const payload = Buffer.from('{"test": 2432232314}');
    expect(sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", payload)).toBe("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("is accepted", () => expect(verify([SECRET], headers(), body, NOW)).toBe("ok"));

  it("is accepted by either secret of a rotation, and among several", () => {
    expect(verify([OTHER, SECRET], headers(), body, NOW)).toBe("ok");
    const both = `v1,${sign(OTHER, "event-1", String(NOW), body)} ${headers().get("webhook-signature")}`;
    expect(verify([SECRET], headers({ "webhook-signature": both }), body, NOW)).toBe("ok");
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("is missed where there is no %s", (name) => {
    const sent = headers();
    sent.delete(name);
    expect(verify([SECRET], sent, body, NOW)).toBe("unsigned");
  });

  it("is refused for another body, another id, another secret", () => {
    expect(verify([SECRET], headers(), Buffer.from("{}"), NOW)).toBe("wrong signature");
    expect(verify([SECRET], headers({ "webhook-id": "event-2" }), body, NOW)).toBe("wrong signature");
    expect(verify([OTHER], headers(), body, NOW)).toBe("wrong signature");
    expect(verify([SECRET], headers({ "webhook-signature": "v1," }), body, NOW)).toBe("wrong signature");
    expect(verify([SECRET], headers({ "webhook-signature": "v2,AAAA" }), body, NOW)).toBe("wrong signature");
  });

  it("is good for five minutes before and after", () => {
    expect(verify([SECRET], headers(), body, NOW + TOLERANCE)).toBe("ok");
    expect(verify([SECRET], headers(), body, NOW + TOLERANCE + 1)).toBe("too old");
    expect(verify([SECRET], headers(), body, NOW - TOLERANCE - 1)).toBe("too old");
    expect(verify([SECRET], headers({ "webhook-timestamp": "soon" }), body, NOW)).toBe("malformed");
  });
});
