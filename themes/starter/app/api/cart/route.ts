/** What a cart costs now, and whether it can be had. */
import { limited, personal } from "@/cart/answer";
import { checkCart, readLines } from "@/cart/check";
import { shop } from "@/config/shop";
import { readJson } from "@/sync/body";
import { Limit } from "@/sync/limit";

const MAX_BODY = 32_768;
const limit = new Limit(60, 5);

export async function POST(request: Request): Promise<Response> {
  return limited(limit, request, async () => {
    const lines = readLines(await readJson(request, MAX_BODY));
    if (!lines) return personal({ problem: "malformed" }, 400);
    return personal(await checkCart(lines, (await shop()).language));
  });
}
