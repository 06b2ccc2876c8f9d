/** Asking the API for what all shoppers see. */
import "server-only";

import { unstable_cache } from "next/cache";
import { cache } from "react";

import { isFresh, kept } from "@/sync/pages.mjs";

import { ApiAway, ApiRefused, send, type Document } from "./send";
import { keep, recall } from "./kept";

/** Seconds after which what did not change is asked for again: stock goes down without an event. */
export const MAX_AGE = 60;
/** Milliseconds for which an API that did not answer is not asked again. */
const AWAY = 5_000;

let awayUntil = 0;

/**
 * The answer to `document`, and its tags on the page that is being rendered.
 *
 * Kept answers are used while nothing that `tagsOf` names changed, MAX_AGE at most. With the API away the last good
 * answer is given, however old it is.
 *
 * @throws ApiAway where there is none
 */
export async function ask<Data, Variables>(
  document: Document<Data, Variables>,
  variables: Variables,
  tagsOf: (data: Data) => string[], // the same function each time: React knows an answer by it
): Promise<Data> {
  const found = await answer(String(document), JSON.stringify(variables), tagsOf as (data: unknown) => string[]);
  await mark(tagsOf(found.data as Data), found.generation);
  return found.data as Data;
}

export interface Answer {
  data: unknown;
  /** The count of sync/pages.mjs when it was asked for; -1 for an answer of an earlier process. */
  generation: number;
  /** When it was asked for, in milliseconds. */
  at: number;
}

/** Once for each page that is rendered. */
const answer = cache(
  async (document: string, variables: string, tagsOf: (data: unknown) => string[]): Promise<Answer> => {
    const key = `${document}\n${variables}`;
    const last = recall(key);
    const now = Date.now();
    if (last && isFresh(tagsOf(last.data), last.generation) && now - last.at < MAX_AGE * 1000) {
      // As if it had been asked for now: or a page would be no newer than the oldest of what it shows, whose tags did not
      // change, and not be kept because of a newer part, whose tags did.
      return { ...last, generation: kept().generation };
    }
    if (process.env["NEXT_PHASE"] === "phase-production-build") throw new ApiAway("A build asks nothing.");
    if (last && now < awayUntil) return last;
    const { generation, sequence } = kept();
    try {
      const data = await send(document, JSON.parse(variables), { minSequence: sequence });
      const fresh = { data, generation, at: now };
      keep(key, fresh);
      return fresh;
    } catch (error) {
      if (!(error instanceof ApiAway)) throw error;
      awayUntil = now + AWAY;
      if (last) return last;
      throw error;
    }
  },
);

/** Next.js takes a page's tags from what it keeps for it; what is kept here is nothing. */
async function mark(tags: string[], generation: number): Promise<void> {
  const all = [...tags, `generation:${generation}`];
  await unstable_cache(async () => null, all, { tags: all, revalidate: MAX_AGE })();
}

/** The page that is being rendered is not to be kept: it shows less than there is. */
export async function markPassing(): Promise<void> {
  await mark([], -1);
}

/** A page stands without one of its parts; it is made anew as soon as it can be whole. */
export async function passing<T>(promise: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof ApiAway || error instanceof ApiRefused)) throw error;
    await markPassing();
    return otherwise;
  }
}
