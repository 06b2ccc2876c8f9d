/** One request to the API, as the site's storefront. */
import "server-only";

import { environment } from "@/environment";

/** A generated operation: its text, and the types of what it takes and gives. */
export interface Document<Data, Variables> {
  toString(): string;
  __apiType?: (variables: Variables) => Data;
}

/** Milliseconds that an answer may take. */
const TIMEOUT = 8_000;

/** Nothing came, or nothing that can be used now: the same request may succeed later. */
export class ApiAway extends Error {
  override name = "ApiAway";
}

/** The API refused the request itself. */
export class ApiRefused extends Error {
  override name = "ApiRefused";
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

interface Options {
  /** The answer is at least as new as this event. */
  minSequence?: number;
  idempotencyKey?: string;
  shopperSecret?: string;
  /** Shows a draft of the config. */
  previewToken?: string;
  /** Never kept, not by React's rendering either. */
  isPersonal?: boolean;
}

/** @throws ApiAway, ApiRefused */
export async function send<Data, Variables>(
  document: Document<Data, Variables>,
  variables: Variables,
  options: Options = {},
): Promise<Data> {
  const { apiUrl, storefrontToken } = environment();
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "X-Storefront-Token": storefrontToken,
  };
  if (options.minSequence) headers["X-Min-Sequence"] = String(options.minSequence);
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  if (options.shopperSecret) headers["X-Shopper-Secret"] = options.shopperSecret;
  if (options.previewToken) headers["X-Preview-Token"] = options.previewToken;
  const response = await reach(`${apiUrl}/graphql`, {
    method: "POST",
    headers,
    body: JSON.stringify({ query: String(document), variables }),
    signal: AbortSignal.timeout(TIMEOUT),
    // Pages are kept by their tags (api/ask.ts); cache-handler.mjs keeps no answer.
    ...(options.isPersonal ? { cache: "no-store" } : { next: { revalidate: 60 } }),
  });
  return read<Data>(response);
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new ApiAway(`The API at ${url} did not answer: ${String(error)}`, { cause: error });
  }
}

async function read<Data>(response: Response): Promise<Data> {
  if (response.status >= 500 || response.status === 429) throw new ApiAway(`The API answered ${response.status}.`);
  let body: { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] };
  try {
    body = await response.json();
  } catch (error) {
    throw new ApiAway("The API's answer was cut off.", { cause: error });
  }
  const error = body.errors?.[0];
  if (error) {
    const code = error.extensions?.code ?? "INTERNAL";
    if (code === "INTERNAL" || code === "THROTTLED") throw new ApiAway(error.message);
    throw new ApiRefused(error.message, code);
  }
  if (!body.data) throw new ApiAway("The API's answer is empty.");
  return body.data;
}
