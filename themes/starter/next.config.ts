import { readFileSync } from "node:fs";
import path from "node:path";

import type { NextConfig } from "next";

/** The layout that was published when this was built: shown while the API is away and was never reached. */
function publishedLayout(): string {
  const { PUCK_DATA: text, PUCK_DATA_FILE: file } = process.env;
  if (text) return text;
  return file ? readFileSync(file, "utf8") : "";
}

function apiOrigin(): string {
  const url = process.env["NEXT_PUBLIC_API_URL"];
  return url && URL.canParse(url) ? new URL(url).origin : "";
}

/**
 * Pages are kept and shared, so scripts cannot carry a nonce of their own; Next.js writes some into the page, hence
 * 'unsafe-inline'. Pictures may lie anywhere: merchants name them by their address.
 */
function policy(isDevelopment: boolean): string {
  const api = apiOrigin();
  return [
    "default-src 'self'",
    `script-src 'self' 'unsafe-inline'${isDevelopment ? " 'unsafe-eval'" : ""} ${api}`,
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: https: ${api}`,
    `connect-src 'self' ${api}${isDevelopment ? " ws:" : ""}`,
    `media-src 'self' https: ${api}`,
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join("; ");
}

const isDevelopment = process.env.NODE_ENV === "development";

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  cacheHandler: path.join(import.meta.dirname, "cache-handler.mjs"),
  cacheMaxMemorySize: 0, // cache-handler.mjs keeps the pages
  expireTime: 120, // seconds
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  env: { PUBLISHED_LAYOUT: publishedLayout() },
  // `npm run check` looks at them; a build should not take twice as long for what was found before.
  typescript: { ignoreBuildErrors: true },
  experimental: { staleTimes: { static: 30, dynamic: 0 } },
  async headers() {
    return [
      {
        // Next.js would let a CDN keep pages for a minute, and show the old price for as long after a change.
        source: "/((?!_next/|api/).*)",
        missing: [{ type: "cookie", key: "__prerender_bypass" }], // a draft's preview
        headers: [{ key: "Cache-Control", value: "public, max-age=0, s-maxage=2, must-revalidate" }],
      },
      {
        source: "/:path*",
        headers: [
          { key: "Content-Security-Policy", value: policy(isDevelopment) },
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
          { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=()" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
        ],
      },
    ];
  },
};

export default config;
