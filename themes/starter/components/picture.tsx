import type { PictureFragment } from "@/api/generated";

interface Props {
  picture: PictureFragment | undefined;
  /** How wide it is shown, as in `sizes` of an <img>. */
  sizes: string;
  /** What it shows where the picture itself does not say. */
  fallbackAlt?: string;
  /** Seen at once when the page opens. */
  isFirst?: boolean;
  className?: string;
}

/** A picture in the sizes that the API made of it. Its box has its form before it is there: nothing moves. */
export function Picture({ picture, sizes, fallbackAlt = "", isFirst = false, className }: Props) {
  if (!picture) return <span className={`picture picture--none ${className ?? ""}`} aria-hidden="true" />;
  const renditions = picture.asset?.renditions.nodes ?? [];
  const own = picture.asset?.width ? [{ width: picture.asset.width, url: picture.url }] : [];
  const sources = [...renditions, ...own];
  return (
    // Next.js's own component would fetch and resize on the theme's server what the API has in all sizes.
    // eslint-disable-next-line @next/next/no-img-element
    <img
      className={`picture ${className ?? ""}`}
      src={renditions.at(-1)?.url ?? picture.url}
      srcSet={sources.length ? sources.map(({ url, width }) => `${url} ${width}w`).join(", ") : undefined}
      sizes={sources.length ? sizes : undefined}
      width={picture.asset?.width ?? undefined}
      height={picture.asset?.height ?? undefined}
      alt={picture.altText || fallbackAlt}
      loading={isFirst ? "eager" : "lazy"}
      fetchPriority={isFirst ? "high" : undefined}
      decoding="async"
    />
  );
}
