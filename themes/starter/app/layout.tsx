import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";

import { Consent } from "@/components/consent";
import { Footer } from "@/components/footer";
import { Header } from "@/components/header";
import { ShownBanners } from "@/components/shown-banners";
import { Tracking } from "@/components/tracking";
import { siteMetadata } from "@/config/metadata";
import { logos } from "@/config/placements";
import { shop } from "@/config/shop";
import { barsOf, styleOf } from "@/config/style";
import { environment } from "@/environment";

import "@/styles/base.css";
import "@/styles/frame.css";
import "@/styles/blocks.css";
import "@/styles/products.css";
import "@/styles/forms.css";

/** Seconds; what changes is shown at once (sync/tags.ts), this is for stock and for what nobody told. */
export const revalidate = 60;

export async function generateMetadata(): Promise<Metadata> {
  const { FAVICON: favicon } = await logos();
  return siteMetadata(await shop(), favicon?.asset.url);
}

export async function generateViewport(): Promise<Viewport> {
  const { theme } = await shop();
  const { light, dark } = barsOf(theme);
  if (theme.mode !== "auto") return { themeColor: theme.mode === "dark" ? dark : light };
  return {
    themeColor: [
      { media: "(prefers-color-scheme: light)", color: light },
      { media: "(prefers-color-scheme: dark)", color: dark },
    ],
  };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const own = await shop();
  const { texts, settings, language } = own;
  const { apiUrl, storefrontToken } = environment();
  return (
    <html lang={language}>
      <head>
        <style dangerouslySetInnerHTML={{ __html: styleOf(own.theme) }} />
      </head>
      <body>
        <a href="#content" className="skip">
          {texts.skip}
        </a>
        {own.isPreview && (
          <form action="/api/preview" method="post" className="preview">
            {texts.preview} <button type="submit">{texts.endPreview}</button>
          </form>
        )}
        <Header shop={own} />
        <main id="content" tabIndex={-1}>
          {children}
          <ShownBanners type="FOOTER" />
        </main>
        <Footer shop={own} />
        {settings.features.tracking && !own.isPreview && (
          <Tracking
            src={`${apiUrl}/track.js`}
            endpoint={`${apiUrl}/track`}
            token={storefrontToken}
            needsConsent={settings.features.consent}
          />
        )}
        {settings.features.tracking && settings.features.consent && <Consent language={language} />}
      </body>
    </html>
  );
}
