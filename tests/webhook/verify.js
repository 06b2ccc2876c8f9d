// What a theme does with a webhook: `node verify.js <X-Webhook-Signature>` with the body on its input.
const { createHmac, timingSafeEqual } = require("node:crypto");

const body = require("node:fs").readFileSync(0);
const given = Buffer.from(process.argv[2]);
const hmac = createHmac("sha256", process.env.WEBHOOK_SECRET).update(body).digest("hex");
const wanted = Buffer.from(`sha256=${hmac}`);
console.log(given.length === wanted.length && timingSafeEqual(given, wanted) ? "genuine" : "forged");
