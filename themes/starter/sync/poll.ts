/** Asks what changed, in case webhooks do not arrive. One poller a process. */
import "server-only";

import { ChangesDocument, LatestChangeDocument, type SyncEventType } from "@/api/generated";
import { ApiRefused, send } from "@/api/send";
import { environment } from "@/environment";

import { takeUp } from "./done";
import { expire, expireEverything, forgetSequence, told } from "./pages.mjs";
import { tagsOf } from "./tags";

/** Milliseconds between two tries while the API is away, at most: still within the minute. */
const LONGEST = 30_000;

/** The cursor leads nowhere; any other refusal (a token that was revoked) is waited out. */
const LOST = ["CURSOR_EXPIRED", "BAD_USER_INPUT"];

const KEY = Symbol.for("vitrine.theme.poller");

/** Polls until the process ends. Calling it again does nothing. */
export function startPolling(): void {
  const place = globalThis as { [KEY]?: true };
  if (place[KEY]) return;
  place[KEY] = true;
  void poll();
}

async function poll(): Promise<never> {
  const { pollInterval, siteId } = environment();
  const poller = new Poller(siteId);
  for (let failures = 0; ; ) {
    try {
      await poller.look();
      failures = 0;
    } catch (error) {
      if (failures === 0) log({ result: "the API is away", error: String(error) });
      failures += 1;
    }
    const wait = failures ? Math.min(LONGEST, 1_000 * 2 ** failures) : pollInterval;
    await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LONGEST)));
  }
}

export class Poller {
  private cursor: string | null = null;
  private isSet = false;

  constructor(private readonly siteId: string) {}

  /** Looks at all that changed since the last look. Raises ApiAway. */
  async look(): Promise<void> {
    try {
      if (!this.isSet) await this.begin();
      else while (await this.page());
    } catch (error) {
      if (!(error instanceof ApiRefused && LOST.includes(error.code))) throw error;
      // The cursor expired, or the database was restored from a backup: begin anew.
      log({ result: "lost", code: error.code });
      forgetSequence();
      await this.begin();
    }
  }

  /** Where the feed is now, before anything is read anew: what changed before it is not told of. */
  private async begin(): Promise<void> {
    const { changes } = await send(LatestChangeDocument, {}, { isPersonal: true });
    this.cursor = changes.latestCursor;
    this.isSet = true;
    expireEverything();
    log({ result: "begun" });
  }

  /** Whether there is more. */
  private async page(): Promise<boolean> {
    const { changes } = await send(ChangesDocument, { after: this.cursor }, { isPersonal: true });
    const tags = new Set<string>();
    for (const { id, type, entityId, sequence } of changes.nodes) {
      told(sequence);
      if (!takeUp(id)) continue;
      for (const tag of tagsOf(dotted(type), entityId, this.siteId)) tags.add(tag);
    }
    if (tags.size) expire([...tags]);
    if (changes.nodes.length) log({ result: "ok", changes: changes.nodes.length, tags: tags.size });
    this.cursor = changes.pageInfo.endCursor ?? this.cursor;
    return changes.pageInfo.hasNextPage;
  }
}

/** `PRODUCT_UPDATED` as webhooks write it: `product.updated`. Of several words the noun is the first. */
export function dotted(type: SyncEventType): string {
  return type.toLowerCase().replace("_", ".");
}

function log(entry: Record<string, unknown>): void {
  console.log(JSON.stringify({ event: "poll", ...entry }));
}
