"use client";

import { useEffect, useState } from "react";

import { textsOf } from "@/texts";

/** A page that could not be made: the API is away and nothing was kept of what it shows. */
export default function ErrorPage() {
  const [language, setLanguage] = useState("en");
  useEffect(() => setLanguage(document.documentElement.lang || "en"), []);
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
