import type { Shop } from "@/config/shop";

import { FooterLogo } from "./logo";
import { Prose } from "./prose";
import { SiteLink } from "./site-link";

export function Footer({ shop }: { shop: Shop }) {
  const { content, seo } = shop;
  const pages = content.pages.map(({ slug, title }) => ({ label: title, url: `/pages/${slug}` }));
  const linked = new Set([...content.footer.links, ...content.navigation].map(({ url }) => url));
  const own = content.footer.links.length > 0 ? content.footer.links : content.navigation;
  const links = [...own, ...pages.filter(({ url }) => !linked.has(url))];
  return (
    <footer className="footer">
      <div className="footer__inner">
        <div>
          <FooterLogo name={shop.name} otherwise={<p className="footer__name">{shop.name}</p>} />
          {shop.theme.branding.tagline && <p className="footer__tagline">{shop.theme.branding.tagline}</p>}
          {content.footer.text && <Prose text={content.footer.text} />}
        </div>
        {links.length > 0 && (
          <nav aria-label={shop.texts.pages}>
            <ul className="footer__links">
              {links.map((link, index) => (
                <li key={index}>
                  <SiteLink href={link.url}>{link.label}</SiteLink>
                </li>
              ))}
            </ul>
          </nav>
        )}
        {seo.social.profiles.length > 0 && (
          <ul className="footer__links">
            {seo.social.profiles.map((url) => (
              <li key={url}>
                <SiteLink href={url}>{URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, "") : url}</SiteLink>
              </li>
            ))}
          </ul>
        )}
      </div>
    </footer>
  );
}
