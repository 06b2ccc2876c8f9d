import { de } from "./de";
import { en, type Texts } from "./en";
import { fr } from "./fr";

export type { Texts };

const LANGUAGES: Record<string, Texts> = { de, en, fr };

/** The texts of a language (`fr-CM` takes `fr`), in English where there are none. */
export function textsOf(language: string): Texts {
  return LANGUAGES[language.split("-")[0]!] ?? en;
}
