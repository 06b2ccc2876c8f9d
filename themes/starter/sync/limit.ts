/** How often somebody may do something: a bucket of tries for each, which fills again at a steady rate. */

/** Callers that are remembered; of more the longest unseen are forgotten, as if they were new. */
const MAX_CALLERS = 10_000;

export class Limit {
  private readonly buckets = new Map<string, { tries: number; at: number }>();

  /**
   * @param burst tries at once
   * @param rate tries a second that come back
   */
  constructor(
    private readonly burst: number,
    private readonly rate: number,
  ) {}

  /** Takes a try, if there is one. `now` is in milliseconds. */
  allows(caller: string, now: number = Date.now()): boolean {
    const last = this.buckets.get(caller) ?? { tries: this.burst, at: now };
    const tries = Math.min(this.burst, last.tries + ((now - last.at) / 1000) * this.rate);
    const allowed = tries >= 1;
    this.buckets.delete(caller);
    this.buckets.set(caller, { tries: allowed ? tries - 1 : tries, at: now });
    for (const oldest of this.buckets.keys()) {
      if (this.buckets.size <= MAX_CALLERS) break;
      this.buckets.delete(oldest);
    }
    return allowed;
  }
}

/** Who sent the request: the nearest address that the proxy before us names. */
export function callerOf(headers: Headers): string {
  return headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() || "direct";
}
