/** What search engines read, as the API made it: fit for a script element as it is. */
export function JsonLd({ text }: { text: string | undefined }) {
  return text ? <script type="application/ld+json" dangerouslySetInnerHTML={{ __html: text }} /> : null;
}
