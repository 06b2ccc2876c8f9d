// Follows `orderEvents` and `activity` with the npm package graphql-ws, as a dashboard does.
// Arguments: the websocket's address, the API key, the file with the live operations. Prints a line of JSON for
// "ready" and for each event, until it has seen one event of each.
import { readFileSync } from "node:fs";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, apiKey, file] = process.argv.slice(2);
const query = readFileSync(file, "utf8");
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${apiKey}` },
  retryAttempts: 0,
  on: { connected: () => say({ ready: true }) },
});

const firstEvent = (operationName) =>
  new Promise((resolve, reject) => {
    const stop = client.subscribe(
      { query, operationName },
      {
        next: (answer) => {
          say({ operation: operationName, answer });
          stop();
        },
        error: reject,
        complete: resolve,
      },
    );
  });

try {
  await Promise.all([firstEvent("OrderEvents"), firstEvent("Activity")]);
  await client.dispose();
} catch (error) {
  say({ failed: String(error?.message ?? JSON.stringify(error)) });
  process.exitCode = 1;
}
