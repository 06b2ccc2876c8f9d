/** The banners and logos that the site shows now, for the page that is being rendered. */
import "server-only";

import { cache } from "react";

import { ask, passing } from "@/api/ask";
import {
  PlacementsDocument,
  type BannerType,
  type LogoType,
  type PictureFragment,
  type PlacementsQuery,
} from "@/api/generated";
import { PLACEMENTS } from "@/sync/tags";

import { shop } from "./shop";

export type ShownBanner = PlacementsQuery["activeBanners"]["nodes"][number];
export type ShownLogo = PlacementsQuery["activeLogos"]["nodes"][number];
type Asset = NonNullable<ShownLogo["asset"]>;
/** An asset whose file is there. */
export type ShownAsset = Asset & { url: string };

/** What this theme has a place for. */
const TYPES: BannerType[] = ["ANNOUNCEMENT", "HERO", "PROMOTION", "CATEGORY", "FOOTER"];

const tagsOfPlacements = () => [PLACEMENTS];

/** Pages are shared, so they show what is for everybody who reads their language. */
const placements = cache(async (): Promise<PlacementsQuery | null> => {
  const { language } = await shop();
  return passing(ask(PlacementsDocument, { types: TYPES, language }, tagsOfPlacements), null);
});

/** Those of one type, in their order. */
export async function bannersOf(type: BannerType): Promise<ShownBanner[]> {
  return (await placements())?.activeBanners.nodes.filter(({ bannerType }) => bannerType === type) ?? [];
}

/** The logo of each type; one without its picture is none. */
export async function logos(): Promise<Partial<Record<LogoType, ShownLogo & { asset: ShownAsset }>>> {
  const found = (await placements())?.activeLogos.nodes ?? [];
  return Object.fromEntries(
    found.flatMap((logo) => {
      const asset = shownAsset(logo.asset);
      return asset ? [[logo.logoType, { ...logo, asset }]] : [];
    }),
  );
}

export function shownAsset(asset: Asset | null): ShownAsset | null {
  return asset?.url ? { ...asset, url: asset.url } : null;
}

/** An asset as `Picture` takes it. */
export function pictureOf(asset: ShownAsset): PictureFragment {
  return { url: asset.url, altText: asset.altText, asset };
}

/** `srcset` of an asset; its own address where there are no sizes of it. */
export function sourcesOf(asset: ShownAsset): string {
  const sizes = asset.renditions.nodes.map(({ url, width }) => `${url} ${width}w`);
  if (sizes.length === 0) return asset.url;
  return [...sizes, ...(asset.width ? [`${asset.url} ${asset.width}w`] : [])].join(", ");
}
