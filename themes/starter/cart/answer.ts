/** What the theme's own addresses answer: never kept, and their callers not too often. */
import "server-only";

import { ApiAway } from "@/api/send";
import { callerOf, Limit } from "@/sync/limit";

export function personal(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}

/** What `work` answers; 429 beyond the limit and 503 with the API away, both with `problem` saying so. */
export async function limited(limit: Limit, request: Request, work: () => Promise<Response>): Promise<Response> {
  if (!limit.allows(callerOf(request.headers))) return personal({ problem: "tooManyTries" }, 429);
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiAway)) throw error;
    console.warn(JSON.stringify({ event: "api away", error: error.message }));
    return personal({ problem: "shopAway" }, 503);
  }
}
