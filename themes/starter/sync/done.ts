/** The events that this process has done, by webhook or by poll: what comes twice is done once. */

/** How many are remembered. Vitrine tries a webhook again for some four hours. */
const MAX_DONE = 10_000;

const KEY = Symbol.for("vitrine.theme.done");

function done(): Set<string> {
  const place = globalThis as { [KEY]?: Set<string> };
  return (place[KEY] ??= new Set());
}

/** Whether the event is new; it is not any more. */
export function takeUp(id: string): boolean {
  const ids = done();
  if (ids.has(id)) return false;
  ids.add(id);
  for (const oldest of ids) {
    if (ids.size <= MAX_DONE) break;
    ids.delete(oldest);
  }
  return true;
}
