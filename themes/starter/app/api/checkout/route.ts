/** Places an order. The shopper's browser makes the key, so that pressing twice orders once. */
import { limited, personal } from "@/cart/answer";
import { placeOrder, readOrder } from "@/cart/order";
import { readJson } from "@/sync/body";
import { Limit } from "@/sync/limit";

const MAX_BODY = 65_536;
const KEY = /^[\x21-\x7e]{16,255}$/;
const limit = new Limit(10, 0.2);

export async function POST(request: Request): Promise<Response> {
  return limited(limit, request, async () => {
    const key = request.headers.get("idempotency-key") ?? "";
    const secret = request.headers.get("x-shopper-secret") ?? "";
    const input = readOrder(await readJson(request, MAX_BODY));
    if (!input || !KEY.test(key) || !KEY.test(secret)) return personal({ problem: "malformed" }, 400);
    return personal(await placeOrder(input, key, secret));
  });
}
