import "server-only";

import { environment } from "./environment";
import { startPolling } from "./sync/poll";

/** Ends the process, with a sentence that says why, where its environment lacks something. */
export function start(): void {
  try {
    environment();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
  startPolling();
}
