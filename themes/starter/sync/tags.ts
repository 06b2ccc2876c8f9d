/** Which event makes which pages old. Pages get these tags where they ask for data: api/ask.ts. */

/** The site's config: all that it looks like. */
export const CONFIG = "config";
/** The workspace's name and currency. */
export const WORKSPACE = "workspace";
/** Banners and logos. */
export const PLACEMENTS = "placements";
/** Lists of products. */
export const PRODUCTS = "products";

export function productTag(id: string): string {
  return `product:${id}`;
}

/**
 * The tags of what changed with an event.
 *
 * @param type as webhooks write it: `product.updated`
 * @param siteId ours: another site's config is nothing to us
 */
export function tagsOf(type: string, entityId: string, siteId: string): string[] {
  switch (type) {
    case "product.created":
    case "product.updated":
    case "product.deleted":
      return [productTag(entityId), PRODUCTS];
    case "storefront.published":
      return entityId === siteId ? [CONFIG] : [];
    case "banner.published":
    case "logo.published":
      return [PLACEMENTS]; // the events name the banner, not its site
    case "workspace.settings_updated":
      return [WORKSPACE];
    default:
      return []; // orders, drafts, assets (a product that shows one has an event of its own): no page changes
  }
}
