// The page's own script: GraphiQL over HTTP, and over graphql-transport-ws for subscriptions.
"use strict";

const config = JSON.parse(document.getElementById("graphiql-config").textContent);

// Radix, inside GraphiQL, adds <style> elements when a dialog opens; it takes the nonce from this global's name.
window.__webpack_nonce__ = config.nonce;

const STORAGE_PREFIX = "vitrine-graphiql:";

function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? undefined : value));
}

/** Where GraphiQL keeps tabs and headers: one drawer of localStorage for each set of examples and demo tokens. */
function openStorage() {
  let backing;
  try {
    backing = window.localStorage;
  } catch {
    return null; // the browser keeps nothing for this site; GraphiQL works without
  }
  const prefix = `${STORAGE_PREFIX}${config.fingerprint}:`;
  const keys = (start) => Object.keys(backing).filter((key) => key.startsWith(start));
  // Tabs of an older database hold tokens that no longer work.
  for (const key of keys(STORAGE_PREFIX)) {
    if (!key.startsWith(prefix)) backing.removeItem(key);
  }
  const getItem = (key) => backing.getItem(prefix + key);
  const setItem = (key, value) => backing.setItem(prefix + key, value);
  return {
    get length() {
      return keys(prefix).length;
    },
    getItem,
    setItem(key, value) {
      setItem(key, value);
      // GraphiQL's history keeps the headers of what was run, whatever the setting says.
      if (getItem("graphiql:shouldPersistHeaders") === "true") return;
      for (const history of ["graphiql:queries", "graphiql:favorites"]) {
        const kept = getItem(history);
        if (kept) setItem(history, withoutHeaders(kept));
      }
    },
    removeItem: (key) => backing.removeItem(prefix + key),
    clear: () => keys(prefix).forEach((key) => backing.removeItem(key)),
  };
}

function readTabs(storage) {
  try {
    const state = JSON.parse(storage.getItem("graphiql:tabState"));
    return state.tabs[state.activeTabIndex] ? state : null;
  } catch {
    return null;
  }
}

/**
 * Put the examples into GraphiQL's own storage, unless there are tabs from before, and return the open tab.
 *
 * GraphiQL's `defaultTabs` would leave the first tab's variables and headers empty. And it finds the tab to open by
 * comparing these three keys with each tab; while it loads it forgets `headers`, and would then add a tab at each reload.
 */
function seedTabs(storage) {
  const state = readTabs(storage) ?? {
    activeTabIndex: 0,
    tabs: config.tabs.map(({ name, query, variables, headers }, index) => ({
      id: `example-${index}`,
      hash: [query, variables, headers].join("|"),
      title: name,
      operationName: name,
      query,
      variables,
      headers,
      response: null,
    })),
  };
  const tab = state.tabs[state.activeTabIndex];
  storage.setItem("graphiql:tabState", JSON.stringify(state));
  for (const key of ["query", "variables", "headers"]) {
    if (tab[key]) storage.setItem(`graphiql:${key}`, tab[key]);
    else storage.removeItem(`graphiql:${key}`);
  }
  return tab;
}

/**
 * What GraphiQL is to be told about keeping headers.
 *
 * With demo tokens they are kept, for they work on this machine only. Elsewhere they are secrets, kept only when the
 * person has switched that on in the settings. It must be `undefined` for "off": `false` removes the switch too.
 */
function keepsHeaders(storage) {
  const choice = storage?.getItem("graphiql:shouldPersistHeaders");
  return (config.hasDemo ? choice !== "false" : choice === "true") || undefined;
}

/** The connection_init payload that says what the headers say over HTTP. */
function connectionParams(headers) {
  const names = { authorization: "authorization", "x-workspace": "workspace", "x-storefront-token": "storefrontToken" };
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.toLowerCase() in names)
      .map(([name, value]) => [names[name.toLowerCase()], value]),
  );
}

function parseHeaders(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function post(parameters, headers) {
  const response = await fetch(config.endpoint, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  const body = await response.text();
  try {
    return JSON.parse(body);
  } catch {
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}: ${body.slice(0, 500)}` }] };
  }
}

/** The errors to show for what ended a subscription: GraphQL errors, a closed socket, or a failure to connect. */
function describeFailure(failure) {
  if (Array.isArray(failure)) return failure;
  if (failure instanceof CloseEvent) {
    return [{ message: `The server closed the socket: ${failure.code} ${failure.reason}`.trim() }];
  }
  return [{ message: failure?.message ?? "The socket could not be opened." }];
}

/** A subscription as GraphiQL wants it, an observable. Each has its own socket: headers may change between two runs. */
function subscribe(parameters, headers) {
  return {
    subscribe(observer) {
      const url = new URL(config.endpoint, window.location.href);
      url.protocol = url.protocol.replace("http", "ws");
      const client = graphqlWs.createClient({
        url: url.href,
        connectionParams: connectionParams(headers),
        // To connect again without a cursor would skip events silently; the person sees the reason and runs it again.
        retryAttempts: 0,
      });
      const end = client.subscribe(parameters, {
        next: (result) => observer.next(result),
        error: (failure) => {
          observer.next({ errors: describeFailure(failure) });
          observer.complete();
        },
        complete: () => observer.complete(),
      });
      return {
        unsubscribe() {
          end();
          client.dispose();
        },
      };
    },
  };
}

/**
 * The operation that is meant, or none where the document has a mistake, which the server explains best.
 *
 * Just after a change of tabs GraphiQL still passes the other tab's operation name, so the only one in the document wins.
 */
function operationOf({ query, operationName }) {
  let operations = [];
  try {
    operations = GraphiQL.GraphQL.parse(query).definitions.filter(({ kind }) => kind === "OperationDefinition");
  } catch {
    return undefined;
  }
  return operations.length === 1 ? operations[0] : operations.find(({ name }) => name?.value === operationName);
}

/** GraphiQL's fetcher. The first introspection runs before the header editor exists, so it gets the open tab's headers. */
function createFetcher(openTabHeaders) {
  let early = parseHeaders(openTabHeaders);
  return (parameters, options = {}) => {
    const headers = options.headers ?? (parameters.operationName === "IntrospectionQuery" ? early : {});
    early = {};
    const operation = operationOf(parameters);
    const run = operation?.operation === "subscription" ? subscribe : post;
    return run(operation ? { ...parameters, operationName: operation.name?.value } : parameters, headers);
  };
}

function start() {
  const root = document.getElementById("graphiql");
  if (!(window.React && window.ReactDOM && window.GraphiQL && window.graphqlWs)) {
    root.firstElementChild.textContent =
      "GraphiQL's files could not be loaded. With `npm ci` they are installed and served from here; " +
      "without, this page needs to reach the CDN that they are pinned at.";
    return;
  }
  const storage = openStorage();
  const tab = storage ? seedTabs(storage) : config.tabs[0];
  const properties = {
    fetcher: createFetcher(tab.headers),
    storage,
    defaultTabs: config.tabs.map(({ query, variables, headers }) => ({ query, variables, headers })),
    defaultHeaders: config.newTabHeaders,
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: keepsHeaders(storage),
  };
  const logo = React.createElement(GraphiQL.Logo, null, "Vitrine");
  ReactDOM.createRoot(root).render(React.createElement(GraphiQL, properties, logo));
}

start();
