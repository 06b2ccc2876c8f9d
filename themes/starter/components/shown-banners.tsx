import type { CSSProperties } from "react";

import type { BannerType } from "@/api/generated";
import { isObject } from "@/config/merge";
import { bannersOf, pictureOf, shownAsset, sourcesOf, type ShownBanner } from "@/config/placements";

import { Picture } from "./picture";
import { Prose } from "./prose";
import { SiteLink } from "./site-link";

/** The banners of one type that are to be seen now. */
export async function ShownBanners({ type, isFirst = false }: { type: BannerType; isFirst?: boolean }) {
  const banners = await bannersOf(type);
  return banners.map((banner, index) =>
    type === "ANNOUNCEMENT" ? (
      <Line key={banner.id} banner={banner} />
    ) : (
      <Placard key={banner.id} banner={banner} isFirst={isFirst && index === 0} />
    ),
  );
}

function Line({ banner }: { banner: ShownBanner }) {
  const text = textIn(banner, "text") || banner.title;
  return (
    <p className={`announcement ${hiding(banner)}`} style={styleOf(banner.customStyles)}>
      {banner.linkUrl ? <SiteLink href={banner.linkUrl}>{text}</SiteLink> : text}
    </p>
  );
}

/** A picture with what is said of it. Without a button the whole of it leads where it leads. */
function Placard({ banner, isFirst }: { banner: ShownBanner; isFirst: boolean }) {
  const { linkUrl, responsiveSettings } = banner;
  const asset = shownAsset(banner.asset);
  const tablet = shownAsset(responsiveSettings.tabletAsset);
  const mobile = shownAsset(responsiveSettings.mobileAsset) ?? tablet;
  const button = textIn(banner, "buttonLabel");
  return (
    <section
      className={`placard ${asset ? "placard--picture" : ""} ${hiding(banner)}`}
      style={styleOf(banner.customStyles)}
    >
      {asset && (
        <picture>
          {mobile && <source media="(max-width: 47.99rem)" srcSet={sourcesOf(mobile)} sizes="100vw" />}
          {tablet && <source media="(max-width: 63.99rem)" srcSet={sourcesOf(tablet)} sizes="100vw" />}
          <Picture
            picture={pictureOf(asset)}
            sizes="(min-width: 76rem) 76rem, 100vw"
            className="placard__picture"
            isFirst={isFirst}
          />
        </picture>
      )}
      <div className="placard__text">
        <h2>
          {linkUrl && !button ? (
            <SiteLink href={linkUrl} className="placard__link">
              {banner.title}
            </SiteLink>
          ) : (
            banner.title
          )}
        </h2>
        <Prose text={textIn(banner, "text")} />
        {linkUrl && button && (
          <SiteLink href={linkUrl} className="button">
            {button}
          </SiteLink>
        )}
      </div>
    </section>
  );
}

/** `content` is of the theme's own making; this one reads `text` and `buttonLabel`. */
function textIn({ content }: ShownBanner, name: string): string {
  const text = isObject(content) ? content[name] : undefined;
  return typeof text === "string" ? text : "";
}

function hiding({ responsiveSettings }: ShownBanner): string {
  return responsiveSettings.hiddenOn.map((device) => `not-on-${device.toLowerCase()}`).join(" ");
}

/** As React wants them: `background-color` is `backgroundColor`, `--own` stays. The API let none through that could do harm. */
function styleOf(styles: unknown): CSSProperties {
  if (!isObject(styles)) return {};
  const entries = Object.entries(styles).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name.startsWith("--") ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as CSSProperties;
}
