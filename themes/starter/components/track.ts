/** What the theme tells Vitrine's analytics; docs/analytics.md says what becomes of it. */

interface Vitrine {
  init(options: { token: string; endpoint: string; consent?: "required" }): void;
  consent(given: boolean): void;
  productView(properties: object): void;
  addToCart(properties: object): void;
  checkout(properties: object): void;
  purchase(properties: object): void;
}

declare global {
  interface Window {
    vitrine?: Vitrine;
  }
}

type Event = "productView" | "addToCart" | "checkout" | "purchase";

/** Before the script is there, what happened waits for it; more than this is left out. */
const MAX_WAITING = 50;
let waiting: (() => void)[] | null = [];

export function track(event: Event, properties: object): void {
  const tell = () => window.vitrine?.[event](properties);
  if (!waiting) tell();
  else if (waiting.length < MAX_WAITING) waiting.push(tell);
}

/** The script is there. */
export function begin(options: { token: string; endpoint: string; needsConsent: boolean }): void {
  const { token, endpoint, needsConsent } = options;
  window.vitrine?.init({ token, endpoint, ...(needsConsent && { consent: "required" }) });
  if (needsConsent && consentGiven()) window.vitrine?.consent(true);
  waiting?.forEach((tell) => tell());
  waiting = null;
}

const CONSENT = "vitrine-consent";

/** What the visitor answered; null where they were not asked yet. */
export function consentGiven(): boolean | null {
  try {
    const answer = localStorage.getItem(CONSENT);
    return answer === null ? null : answer === "yes";
  } catch {
    return null;
  }
}

export function giveConsent(given: boolean): void {
  try {
    localStorage.setItem(CONSENT, given ? "yes" : "no");
  } catch {
    // they are asked again on the next page
  }
  window.vitrine?.consent(given);
}
