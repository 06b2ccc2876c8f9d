/**
 * The pages that this process keeps, and what it was told since they were made.
 *
 * A count (`generation`) goes up whenever something changes. Each page carries the count at which its data was asked
 * for; each tag the count at which it last changed. A page is fresh while none of its tags changed after it. So a page
 * whose making was under way when the change came is not kept as if it were new, which times of day cannot promise.
 *
 * Next.js loads cache-handler.mjs apart from the bundles, so all of them meet on `globalThis`.
 *
 * @typedef {{ value: unknown, lastModified: number, tags: string[], generation: number, bytes: number }} Page
 * @typedef {{ pages: Map<string, Page>, bytes: number, generation: number, expired: Map<string, number>, sequence: number }} Kept
 */

/** How much the pages may take in all, in characters; the least recently used go first. */
export const MAX_BYTES = 64_000_000;
/** How many tags are remembered as changed; beyond that every page is forgotten instead. */
const MAX_EXPIRED = 10_000;
const KEY = Symbol.for("vitrine.theme.pages");

/** @returns {Kept} */
function empty() {
  return { pages: new Map(), bytes: 0, generation: 0, expired: new Map(), sequence: 0 };
}

/** @returns {Kept} what this process keeps. */
export function kept() {
  const place = /** @type {{ [KEY]?: Kept }} */ (globalThis);
  return (place[KEY] ??= empty());
}

/** Forgets everything: for tests. */
export function reset() {
  Object.assign(kept(), empty());
}

/**
 * What carries these tags is old from now on.
 * @param {readonly string[]} tags
 */
export function expire(tags) {
  const state = kept();
  state.generation += 1;
  if (state.expired.size + tags.length > MAX_EXPIRED) {
    expireEverything();
    return;
  }
  for (const tag of tags) state.expired.set(tag, state.generation);
}

/** All that was made so far is old from now on. */
export function expireEverything() {
  const state = kept();
  state.generation += 1;
  state.expired.clear();
  state.expired.set("*", state.generation);
  state.pages.clear();
  state.bytes = 0;
}

/** The events that were told are of another count: the database was restored, or is another one. */
export function forgetSequence() {
  kept().sequence = 0;
}

/**
 * Whether what was made at `generation` of data with these tags is as new as what was told.
 * @param {readonly string[]} tags
 * @param {number} generation
 */
export function isFresh(tags, generation) {
  const { expired } = kept();
  return generation >= 0 && ["*", ...tags].every((tag) => (expired.get(tag) ?? 0) <= generation);
}

/**
 * Notes the number of the newest event that was told; what is asked from now on is at least as new.
 * @param {number} sequence
 */
export function told(sequence) {
  const state = kept();
  state.sequence = Math.max(state.sequence, sequence);
}

/**
 * @param {string} key
 * @returns {Page | undefined}
 */
export function getPage(key) {
  const state = kept();
  const page = state.pages.get(key);
  if (!page) return undefined;
  forgetPage(key);
  if (!isFresh(page.tags, page.generation)) return undefined;
  state.pages.set(key, page); // last in the map: most recently used
  state.bytes += page.bytes;
  return page;
}

/**
 * @param {string} key
 * @param {Page} page
 */
export function setPage(key, page) {
  const state = kept();
  forgetPage(key);
  state.pages.set(key, page);
  state.bytes += page.bytes;
  for (const oldest of state.pages.keys()) {
    if (state.bytes <= MAX_BYTES) break;
    forgetPage(oldest);
  }
}

/** @param {string} key */
function forgetPage(key) {
  const state = kept();
  const page = state.pages.get(key);
  if (!page) return;
  state.pages.delete(key);
  state.bytes -= page.bytes;
}
