/**
 * Where Next.js keeps rendered pages: in memory, by the rule of sync/pages.mjs. Nothing on disk outlives a process that was told of
 * changes, and what a build made is never shown. Answers of the API are kept by api/ask.ts, not here.
 *
 * https://nextjs.org/docs/app/api-reference/config/next-config-js/incrementalCacheHandlerPath
 */
import { expire, getPage, setPage } from "./sync/pages.mjs";

const TAGS_HEADER = "x-next-cache-tags";
const GENERATION = /^generation:(-?\d+)$/;

export default class CacheHandler {
  /** @param {string} key */
  async get(key) {
    const page = getPage(key);
    return page ? { value: page.value, lastModified: page.lastModified } : null;
  }

  /**
   * @param {string} key
   * @param {any} value
   */
  async set(key, value) {
    if (!value || value.kind === "FETCH") return;
    const header = value.headers?.[TAGS_HEADER];
    const tags = typeof header === "string" ? header.split(",") : [];
    setPage(key, { value, tags, lastModified: Date.now(), generation: oldest(tags), bytes: sizeOf(value) });
  }

  /** @param {string | string[]} tags */
  async revalidateTag(tags) {
    expire([tags].flat());
  }

  resetRequestCache() {}
}

/**
 * The count at which the oldest of the page's data was asked for; a page without any is always good.
 * @param {string[]} tags
 */
function oldest(tags) {
  const generations = tags.flatMap((tag) => GENERATION.exec(tag)?.[1] ?? []).map(Number);
  return generations.length ? Math.min(...generations) : Number.MAX_SAFE_INTEGER;
}

/** @param {any} value */
function sizeOf(value) {
  const segments = value.segmentData ? [...value.segmentData.values()] : [];
  return [value.html, value.body, value.rscData, ...segments].reduce((sum, part) => sum + (part?.length ?? 0), 500);
}
