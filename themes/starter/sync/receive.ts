/** Takes a webhook: verified, done once, and what it changed named. */
import { takeUp } from "./done";
import { tagsOf } from "./tags";
import { verify } from "./signature";

export interface Received {
  status: 200 | 400 | 401;
  /** What became of it, for the log. */
  result: string;
  id: string;
  type: string;
  sequence: number;
  tags: string[];
}

interface Expected {
  secrets: string[];
  workspaceId: string;
  siteId: string;
}

/** @param now in seconds */
export function receive(expected: Expected, headers: Headers, body: Uint8Array, now: number): Received {
  const refused = { id: (headers.get("webhook-id") ?? "").slice(0, 100), type: "", sequence: 0, tags: [] };
  const verdict = verify(expected.secrets, headers, body, now);
  if (verdict !== "ok") return { ...refused, status: verdict === "malformed" ? 400 : 401, result: verdict };
  const event = parse(body);
  if (!event) return { ...refused, status: 400, result: "malformed" };
  const seen = { ...refused, type: event.event_type, sequence: event.sequence };
  if (event.workspace_id !== expected.workspaceId) return { ...seen, status: 400, result: "another workspace's" };
  if (!takeUp(seen.id)) return { ...seen, status: 200, result: "known" };
  return { ...seen, status: 200, result: "ok", tags: tagsOf(event.event_type, event.entity_id, expected.siteId) };
}

interface Event {
  event_type: string;
  entity_id: string;
  workspace_id: string;
  sequence: number;
}

function parse(body: Uint8Array): Event | null {
  let event: Partial<Event>;
  try {
    event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return null;
  }
  const { event_type: type, entity_id: entity, workspace_id: workspace, sequence } = event ?? {};
  if (typeof type !== "string" || typeof entity !== "string" || typeof workspace !== "string") return null;
  return Number.isSafeInteger(sequence) ? (event as Event) : null;
}
