import type { CSSProperties, ReactNode } from "react";

import { logos, sourcesOf, type ShownAsset, type ShownLogo } from "@/config/placements";
import type { Shop } from "@/config/shop";

import { SiteLink } from "./site-link";

const SIZES = "12rem";

/** The shop's logo, or its name; it leads home, or to where the logo leads. On small screens and dark grounds there may be others. */
export async function Brand({ shop }: { shop: Shop }) {
  const own = await logos();
  const { mode, branding } = shop.theme;
  const main = (mode === "dark" && own.DARK) || own.PRIMARY;
  return (
    <SiteLink href={main?.displaySettings.linkUrl || "/"} className="header__brand">
      {main ? (
        <picture>
          {own.MOBILE && <source media="(max-width: 47.99rem)" srcSet={sourcesOf(own.MOBILE.asset)} sizes={SIZES} />}
          {mode === "auto" && own.DARK && (
            <source media="(prefers-color-scheme: dark)" srcSet={sourcesOf(own.DARK.asset)} sizes={SIZES} />
          )}
          <LogoImage logo={main} asset={main.asset} alt={shop.name} className="header__logo" />
        </picture>
      ) : branding.logo ? (
        // eslint-disable-next-line @next/next/no-img-element
        <img src={branding.logo} alt={shop.name} className="header__logo" height={40} />
      ) : (
        <span className="header__name">{shop.name}</span>
      )}
    </SiteLink>
  );
}

/** The logo that is for the end of a page; `otherwise` where there is none. */
export async function FooterLogo({ name, otherwise }: { name: string; otherwise: ReactNode }) {
  const { FOOTER: logo } = await logos();
  if (!logo) return otherwise;
  const image = <LogoImage logo={logo} asset={logo.asset} alt={name} className="footer__logo" isLazy />;
  return logo.displaySettings.linkUrl ? <SiteLink href={logo.displaySettings.linkUrl}>{image}</SiteLink> : image;
}

interface Props {
  logo: ShownLogo;
  asset: ShownAsset;
  alt: string;
  className: string;
  isLazy?: boolean;
}

function LogoImage({ logo, asset, alt, className, isLazy = false }: Props) {
  const { maxWidth, maxHeight } = logo.displaySettings;
  const style: CSSProperties = {
    ...(maxWidth && { maxWidth: `min(${maxWidth}px, 50vw)` }),
    ...(maxHeight && { maxHeight: `min(${maxHeight}px, 3.5rem)` }),
  };
  return (
    // eslint-disable-next-line @next/next/no-img-element
    <img
      src={asset.url}
      srcSet={asset.renditions.nodes.length ? sourcesOf(asset) : undefined}
      sizes={asset.renditions.nodes.length ? SIZES : undefined}
      width={asset.width ?? undefined}
      height={asset.height ?? undefined}
      alt={alt}
      className={className}
      style={style}
      loading={isLazy ? "lazy" : undefined}
    />
  );
}
