"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef, type ReactNode } from "react";

import { MenuIcon } from "./icons";

/** The navigation where there is little room: opens without a script, closes on the next page and by Escape. */
export function Menu({ label, children }: { label: string; children: ReactNode }) {
  const details = useRef<HTMLDetailsElement>(null);
  const pathname = usePathname();
  useEffect(() => {
    details.current?.removeAttribute("open");
  }, [pathname]);
  return (
    <details
      ref={details}
      className="menu"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        details.current?.removeAttribute("open");
        details.current?.querySelector("summary")?.focus();
      }}
    >
      <summary className="icon-button" aria-label={label}>
        <MenuIcon />
      </summary>
      <nav aria-label={label}>{children}</nav>
    </details>
  );
}
