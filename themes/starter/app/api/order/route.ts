/** An order by its token, which comes in the body: addresses end up in logs. */
import { limited, personal } from "@/cart/answer";
import { orderByToken } from "@/cart/order";
import { shop } from "@/config/shop";
import { readJson } from "@/sync/body";
import { Limit } from "@/sync/limit";
import { formatMoney } from "@/texts/money";

const MAX_BODY = 2_048;
const limit = new Limit(30, 0.5);

export async function POST(request: Request): Promise<Response> {
  return limited(limit, request, async () => {
    const { token } = ((await readJson(request, MAX_BODY)) ?? {}) as { token?: unknown };
    if (typeof token !== "string" || !token) return personal({ problem: "malformed" }, 400);
    const order = await orderByToken(token);
    if (!order) return personal({ problem: "orderNotFound" }, 404);
    const { language } = await shop();
    const money = (price: { amount: string; currencyCode: string }) => formatMoney(price, language);
    return personal({
      ...order,
      total: money(order.total),
      lines: order.lines.nodes.map((line) => ({
        ...line,
        slug: line.product?.slug ?? null,
        unitPrice: money(line.unitPrice),
        total: money(line.total),
      })),
    });
  });
}
