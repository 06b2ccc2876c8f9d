"use client";

import { useState, useSyncExternalStore } from "react";

import { textsOf } from "@/texts";

import { consentGiven, giveConsent } from "./track";

const never = () => () => {};

/** Asks once whether the visit may be counted. */
export function Consent({ language }: { language: string }) {
  const isOpen = useSyncExternalStore(never, () => consentGiven() === null, () => false);
  const [isAnswered, setAnswered] = useState(false);
  const texts = textsOf(language);
  if (!isOpen || isAnswered) return null;
  const answer = (given: boolean) => {
    giveConsent(given);
    setAnswered(true);
  };
  return (
    <aside className="consent" aria-label={texts.consentText}>
      <p>{texts.consentText}</p>
      <button type="button" className="button button--quiet" onClick={() => answer(false)}>
        {texts.no}
      </button>
      <button type="button" className="button" onClick={() => answer(true)}>
        {texts.yes}
      </button>
    </aside>
  );
}
