/** The components that show no products. */
import { Prose } from "@/components/prose";
import { ShownBanners } from "@/components/shown-banners";
import { SiteLink } from "@/components/site-link";

import type { Drawn } from "../config";

/** An address of a picture: of the web, or of this site. */
export function pictureUrl(text: string): string | undefined {
  return /^(https?:\/\/|\/(?!\/)|data:image\/)/.test(text) ? text : undefined;
}

export function Button({ label, url, className = "" }: { label: string; url: string; className?: string }) {
  if (!label || !url) return null;
  return (
    <SiteLink href={url} className={`button ${className}`}>
      {label}
    </SiteLink>
  );
}

export function RichText({ title, text, align }: Drawn<"RichText">) {
  return (
    <section className={`section narrow align-${align}`}>
      {title && <h2>{title}</h2>}
      <Prose text={text} />
    </section>
  );
}

export function Banner({ text, buttonLabel, buttonUrl, tone }: Drawn<"Banner">) {
  if (!text) return null;
  return (
    <section className={`banner banner--${tone}`}>
      <p>{text}</p>
      <Button label={buttonLabel} url={buttonUrl} />
    </section>
  );
}

export function Banners({ bannerType }: Drawn<"Banners">) {
  return <ShownBanners type={bannerType} isFirst={bannerType === "HERO"} />;
}

export function ImageWithText(props: Drawn<"ImageWithText">) {
  const { imageAlt, title, text, buttonLabel, buttonUrl, imageSide } = props;
  const url = pictureUrl(props.image);
  return (
    <section className={`section beside beside--${imageSide}`}>
      {url && (
        // eslint-disable-next-line @next/next/no-img-element
        <img className="beside__picture" src={url} alt={imageAlt} loading="lazy" decoding="async" />
      )}
      <div className="beside__text">
        {title && <h2>{title}</h2>}
        <Prose text={text} />
        <Button label={buttonLabel} url={buttonUrl} className="button--quiet" />
      </div>
    </section>
  );
}

export function FeatureList({ title, items }: Drawn<"FeatureList">) {
  if (!Array.isArray(items) || items.length === 0) return null;
  return (
    <section className="section">
      {title && <h2>{title}</h2>}
      <ul className="features">
        {items.map((item, index) => (
          <li key={index}>
            <h3>{item.title}</h3>
            <Prose text={item.text ?? ""} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Quote({ text, author }: Drawn<"Quote">) {
  if (!text) return null;
  return (
    <figure className="section narrow quote">
      <blockquote>{text}</blockquote>
      {author && <figcaption>{author}</figcaption>}
    </figure>
  );
}

export function Columns({ left: Left, right: Right }: Drawn<"Columns">) {
  return (
    <div className="columns">
      <div>{typeof Left === "function" && <Left />}</div>
      <div>{typeof Right === "function" && <Right />}</div>
    </div>
  );
}

export function Spacer({ size }: Drawn<"Spacer">) {
  return <div className={`spacer spacer--${size}`} />;
}
