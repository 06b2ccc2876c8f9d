"use client";

import { useSyncExternalStore } from "react";

import { textsOf } from "@/texts";

const never = () => () => {};

/** A page that could not be made: the API is away and nothing was kept of what it shows. */
export default function ErrorPage() {
  const language = useSyncExternalStore(never, () => document.documentElement.lang || "en", () => "en");
  const texts = textsOf(language);
  return (
    <div className="section narrow message">
      <h1>{texts.errorTitle}</h1>
      <p>{texts.errorText}</p>
      <p>
        <button type="button" className="button" onClick={() => location.reload()}>
          {texts.tryAgain}
        </button>
      </p>
    </div>
  );
}
