/** A dashboard's link to a draft: `/api/preview?token=…`. Posting ends it. */
import { cookies, draftMode } from "next/headers";

import { PREVIEW_COOKIE } from "@/config/shop";

/** Characters of a token, at most. */
const MAX_TOKEN = 500;

export async function GET(request: Request): Promise<Response> {
  const token = new URL(request.url).searchParams.get("token") ?? "";
  if (!token || token.length > MAX_TOKEN) return new Response("No token.", { status: 400 });
  (await draftMode()).enable();
  (await cookies()).set(PREVIEW_COOKIE, token, { httpOnly: true, sameSite: "lax", path: "/" });
  return home();
}

export async function POST(): Promise<Response> {
  (await draftMode()).disable();
  (await cookies()).delete(PREVIEW_COOKIE);
  return home();
}

/** A relative address: the request's own host is the proxy's business. */
function home(): Response {
  return new Response(null, { status: 303, headers: { Location: "/", "Cache-Control": "no-store" } });
}
