import Link from "next/link";
import type { ComponentProps } from "react";

const LEADS_ELSEWHERE = /^(https?:\/\/|mailto:|tel:|#)/;

/** The address, if a merchant's link may lead there: never `javascript:` or the like. */
export function safeUrl(url: string | undefined): string | undefined {
  const text = url?.trim() ?? "";
  return LEADS_ELSEWHERE.test(text) || /^\/(?!\/)/.test(text) ? text : undefined;
}

/** A link within the site or out of it. Without a good address it is text. */
export function SiteLink({ href, children, ...rest }: ComponentProps<"a">) {
  const url = safeUrl(href);
  if (!url) return <span className={rest.className}>{children}</span>;
  if (!LEADS_ELSEWHERE.test(url)) {
    return (
      <Link href={url} prefetch={false} {...rest}>
        {children}
      </Link>
    );
  }
  return (
    <a href={url} rel="noopener" {...rest}>
      {children}
    </a>
  );
}
