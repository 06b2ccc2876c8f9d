/** What the theme is told by its environment; docs/themes.md says what each is. */
import "server-only";

const REQUIRED = [
  "NEXT_PUBLIC_WORKSPACE_ID",
  "NEXT_PUBLIC_SITE_ID",
  "NEXT_PUBLIC_API_URL",
  "SITE_URL",
  "STOREFRONT_TOKEN",
  "WEBHOOK_SECRET",
] as const;

export interface Environment {
  workspaceId: string;
  siteId: string;
  /** Without a slash at the end. */
  apiUrl: string;
  /** Where shoppers reach the site, without a slash at the end. */
  siteUrl: string;
  storefrontToken: string;
  /** One secret, or during a rotation several with spaces between. */
  webhookSecrets: string[];
  /** Milliseconds between two looks at what changed. */
  pollInterval: number;
}

/** Raises an Error that names what is missing or wrong. The names are read at run time, so one build can be moved. */
export function environment(values: NodeJS.ProcessEnv = process.env): Environment {
  const missing = REQUIRED.filter((name) => !values[name]?.trim());
  if (missing.length) {
    throw new Error(`The theme cannot start without ${missing.join(", ")} in its environment (docs/themes.md).`);
  }
  const value = (name: (typeof REQUIRED)[number]) => values[name]!.trim();
  return {
    workspaceId: value("NEXT_PUBLIC_WORKSPACE_ID"),
    siteId: value("NEXT_PUBLIC_SITE_ID"),
    apiUrl: origin("NEXT_PUBLIC_API_URL", value("NEXT_PUBLIC_API_URL")),
    siteUrl: origin("SITE_URL", value("SITE_URL")),
    storefrontToken: value("STOREFRONT_TOKEN"),
    webhookSecrets: value("WEBHOOK_SECRET").split(/\s+/),
    pollInterval: seconds("POLL_SECONDS", values["POLL_SECONDS"] || "30") * 1000,
  };
}

function origin(name: string, text: string): string {
  if (!/^https?:\/\/\S+$/.test(text) || !URL.canParse(text)) {
    throw new Error(`${name} is ${JSON.stringify(text)}: it must be an address that begins with http:// or https://.`);
  }
  return text.replace(/\/+$/, "");
}

function seconds(name: string, text: string): number {
  const number = Number(text);
  if (!(number >= 1 && number <= 60)) throw new Error(`${name} is ${JSON.stringify(text)}: it must be 1 to 60 seconds.`);
  return number;
}
