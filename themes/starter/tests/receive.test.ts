import { describe, expect, it } from "vitest";

import { receive } from "@/sync/receive";
import { sign } from "@/sync/signature";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW = 1_795_254_000;
const expected = { secrets: [SECRET], workspaceId: "Workspace_1", siteId: "Site_1" };
let number = 0;

function post(event: object | string, id = `event-${(number += 1)}`) {
  const body = Buffer.from(typeof event === "string" ? event : JSON.stringify(event));
  const signature = `v1,${sign(SECRET, id, String(NOW), body)}`;
  const headers = new Headers({ "webhook-id": id, "webhook-timestamp": String(NOW), "webhook-signature": signature });
  return receive(expected, headers, body, NOW);
}

const event = (type: string, entity: string, more = {}) => ({
  event_type: type,
  entity_id: entity,
  workspace_id: "Workspace_1",
  sequence: 7,
  ...more,
});

describe("a webhook", () => {
  it.each([
    ["product.updated", "Product_1", ["product:Product_1", "products"]],
    ["banner.published", "Banner_1", ["placements"]],
    ["logo.published", "Logo_1", ["placements"]],
    ["banner.draft_updated", "Banner_1", []],
    ["product.created", "Product_1", ["product:Product_1", "products"]],
    ["product.deleted", "Product_1", ["product:Product_1", "products"]],
    ["storefront.published", "Site_1", ["config"]],
    ["storefront.published", "Site_2", []],
    ["workspace.settings_updated", "Workspace_1", ["workspace"]],
    ["order.created", "Order_1", []],
    ["webhook.ping", "WebhookEndpoint_1", []],
    ["something.new", "Thing_1", []],
  ])("of %s of %s makes old what it changed, and nothing else", (type, entity, tags) => {
    expect(post(event(type, entity))).toMatchObject({ status: 200, result: "ok", sequence: 7, tags });
  });

  it("is done once, however often it comes", () => {
    post(event("product.updated", "Product_1"), "twice");
    expect(post(event("product.updated", "Product_1"), "twice")).toMatchObject({ status: 200, result: "known", tags: [] });
  });

  it("is refused where it is another workspace's, or is none", () => {
    const other = event("product.updated", "Product_1", { workspace_id: "Workspace_2" });
    expect(post(other)).toMatchObject({ status: 400, tags: [] });
    for (const body of ["", "null", "[]", "{}", "{", '{"event_type":1}', "\xff"]) expect(post(body).status).toBe(400);
    expect(post(event("product.updated", "Product_1", { sequence: "7" })).status).toBe(400);
  });

  it("that nobody signed is refused before it is read", () => {
    expect(receive(expected, new Headers(), Buffer.from("{"), NOW)).toMatchObject({ status: 401, result: "unsigned" });
  });
});
