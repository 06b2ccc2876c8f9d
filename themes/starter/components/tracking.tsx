"use client";

import Script from "next/script";

import { begin } from "./track";

interface Props {
  src: string;
  endpoint: string;
  token: string;
  needsConsent: boolean;
}

export function Tracking({ src, endpoint, token, needsConsent }: Props) {
  return <Script src={src} strategy="afterInteractive" onLoad={() => begin({ token, endpoint, needsConsent })} />;
}
