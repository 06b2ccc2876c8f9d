import { beforeEach, describe, expect, it, vi } from "vitest";

import { isFresh, kept, reset } from "@/sync/pages.mjs";
import { Poller, dotted } from "@/sync/poll";
import { ApiAway, ApiRefused, send } from "@/api/send";

vi.mock("@/api/send", async (load) => ({ ...(await load<object>()), send: vi.fn() }));

const answers = vi.mocked(send);
const latest = (cursor: string | null) => ({ changes: { latestCursor: cursor } });
let number = 0;

function changes(types: [string, string][], cursor: string, hasNextPage = false) {
  const nodes = types.map(([type, entityId]) => ({ id: `poll-${(number += 1)}`, sequence: number, type, entityId }));
  return { changes: { nodes, pageInfo: { hasNextPage, endCursor: cursor } } };
}

beforeEach(() => {
  reset();
  answers.mockReset();
  vi.spyOn(console, "log").mockImplementation(() => {});
});

describe("a poller", () => {
  it("makes old what changed since it looked last, page by page", async () => {
    answers.mockResolvedValueOnce(latest("c0"));
    answers.mockResolvedValueOnce(changes([["PRODUCT_UPDATED", "Product_1"]], "c1", true));
    answers.mockResolvedValueOnce(changes([["WORKSPACE_SETTINGS_UPDATED", "Workspace_1"]], "c2"));
    const poller = new Poller("Site_1");
    await poller.look();
    const { generation } = kept();
    await poller.look();
    expect(answers.mock.calls.map(([, variables]) => variables)).toEqual([{}, { after: "c0" }, { after: "c1" }]);
    expect(["product:Product_1", "products", "workspace", "config"].map((tag) => isFresh([tag], generation))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(kept().sequence).toBe(number);
  });

  it("takes what was read before it knew where the feed is for old", async () => {
    answers.mockResolvedValueOnce(latest("c0"));
    const { generation } = kept();
    await new Poller("Site_1").look();
    expect(isFresh(["anything"], generation)).toBe(false);
  });

  it.each(["CURSOR_EXPIRED", "BAD_USER_INPUT"])("begins anew after %s: everything may have changed", async (code) => {
    answers.mockResolvedValueOnce(latest("c0"));
    answers.mockRejectedValueOnce(new ApiRefused("too old", code));
    answers.mockResolvedValueOnce(latest("c9"));
    answers.mockResolvedValueOnce(changes([], "c9"));
    const poller = new Poller("Site_1");
    await poller.look();
    const { generation } = kept();
    await poller.look();
    expect(isFresh(["anything"], generation)).toBe(false);
    await poller.look();
    expect(answers.mock.calls.at(-1)?.[1]).toEqual({ after: "c9" });
  });

  it.each([new ApiAway("gone"), new ApiRefused("revoked", "UNAUTHENTICATED")])("keeps its cursor after %s", async (error) => {
    answers.mockResolvedValueOnce(latest("c0"));
    answers.mockRejectedValueOnce(error);
    answers.mockResolvedValueOnce(changes([], "c1"));
    const poller = new Poller("Site_1");
    await poller.look();
    await expect(poller.look()).rejects.toBe(error);
    await poller.look();
    expect(answers.mock.calls.at(-1)?.[1]).toEqual({ after: "c0" });
  });
});

it("calls events as webhooks do", () => {
  expect(dotted("PRODUCT_UPDATED")).toBe("product.updated");
  expect(dotted("WORKSPACE_SETTINGS_UPDATED")).toBe("workspace.settings_updated");
  expect(dotted("STOREFRONT_PUBLISHED")).toBe("storefront.published");
});
