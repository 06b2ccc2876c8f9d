import type { Shop } from "@/config/shop";

import { CartLink } from "./cart-link";
import { SearchIcon } from "./icons";
import { Brand } from "./logo";
import { Menu } from "./menu";
import { ShownBanners } from "./shown-banners";
import { SiteLink } from "./site-link";

export function Header({ shop }: { shop: Shop }) {
  const { texts, content, settings } = shop;
  const links = content.navigation.map((link, index) => (
    <li key={index}>
      <SiteLink href={link.url}>{link.label}</SiteLink>
    </li>
  ));
  return (
    <>
      {content.announcement.isShown && content.announcement.text && (
        <p className="announcement">
          {content.announcement.link ? (
            <SiteLink href={content.announcement.link}>{content.announcement.text}</SiteLink>
          ) : (
            content.announcement.text
          )}
        </p>
      )}
      <ShownBanners type="ANNOUNCEMENT" />
      <header className="header">
        <div className="header__inner">
          <Menu label={texts.menu}>
            <ul>{links}</ul>
          </Menu>
          <Brand shop={shop} />
          <nav className="header__nav" aria-label={texts.menu}>
            <ul>{links}</ul>
          </nav>
          <div className="header__actions">
            {settings.features.search && (
              <form action="/products" role="search" className="search">
                <label className="hidden" htmlFor="search">
                  {texts.searchLabel}
                </label>
                <input id="search" name="q" type="search" placeholder={texts.search} maxLength={100} />
                <button type="submit" className="icon-button" aria-label={texts.search}>
                  <SearchIcon />
                </button>
              </form>
            )}
            <CartLink language={shop.language} />
          </div>
        </div>
      </header>
    </>
  );
}
