import { expect, it } from "vitest";

import { environment } from "@/environment";

const GOOD = {
  NODE_ENV: "production" as const,
  NEXT_PUBLIC_WORKSPACE_ID: "Workspace_1",
  NEXT_PUBLIC_SITE_ID: "Site_1",
  NEXT_PUBLIC_API_URL: "https://api.example/",
  SITE_URL: "https://shop.example",
  STOREFRONT_TOKEN: "vs_1",
  WEBHOOK_SECRET: "whsec_one whsec_two",
};

it("takes both secrets of a rotation, and addresses without their last slash", () => {
  expect(environment(GOOD)).toMatchObject({
    apiUrl: "https://api.example",
    webhookSecrets: ["whsec_one", "whsec_two"],
    pollInterval: 30_000,
  });
});

it("names all that is missing", () => {
  expect(() => environment({ ...GOOD, SITE_URL: " ", WEBHOOK_SECRET: undefined })).toThrow("without SITE_URL, WEBHOOK_SECRET in");
});

it.each([
  [{ NEXT_PUBLIC_API_URL: "api.example" }, 'NEXT_PUBLIC_API_URL is "api.example"'],
  [{ POLL_SECONDS: "600" }, 'POLL_SECONDS is "600"'],
])("says of %o what is wrong with it", (wrong, said) => {
  expect(() => environment({ ...GOOD, ...wrong })).toThrow(said);
});
