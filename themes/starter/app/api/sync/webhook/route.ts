/** Where Vitrine posts what changed. */
import { revalidateTag } from "next/cache";

import { environment } from "@/environment";
import { readBody } from "@/sync/body";
import { callerOf, Limit } from "@/sync/limit";
import { told } from "@/sync/pages.mjs";
import { receive } from "@/sync/receive";

/** Bytes; Vitrine's are some 300. */
const MAX_BODY = 16_384;
/** A shop that imports a catalog changes hundreds of products a second; what is refused is posted again. */
const limit = new Limit(1_000, 500);
const strangers = new Limit(30, 1);

export async function POST(request: Request): Promise<Response> {
  const started = performance.now();
  const caller = callerOf(request.headers);
  const answer = (status: number, result: string, seen: { id?: string; type?: string } = {}) => {
    const ms = Math.round(performance.now() - started);
    console.log(JSON.stringify({ event: "webhook", id: seen.id, type: seen.type, result, status, ms }));
    const headers = { "Cache-Control": "no-store", ...(status === 429 && { "Retry-After": "2" }) };
    return Response.json({ result }, { status, headers });
  };
  if (!limit.allows("all")) return answer(429, "too many");
  const body = await readBody(request, MAX_BODY);
  if (!body) return answer(413, "too large");
  const { webhookSecrets: secrets, workspaceId, siteId } = environment();
  const received = receive({ secrets, workspaceId, siteId }, request.headers, body, Date.now() / 1000);
  if (received.status !== 200 && !strangers.allows(caller)) return answer(429, "too many", received);
  if (received.status === 200) {
    told(received.sequence);
    // `expire: 0`: whoever comes next waits for the new page, and nobody is shown the old one once more.
    for (const tag of received.tags) revalidateTag(tag, { expire: 0 });
  }
  return answer(received.status, received.result, received);
}
