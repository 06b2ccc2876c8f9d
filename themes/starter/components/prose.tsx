import type { ReactNode } from "react";

import { SiteLink } from "./site-link";

/**
 * A merchant's text: paragraphs with empty lines between, `## headings`, `- lists`, `**bold**`, `*italic*`, `[links](/address)`.
 * It never becomes HTML by itself.
 */
export function Prose({ text, className = "" }: { text: string; className?: string }) {
  const blocks = text.split(/\n\s*\n/).filter((block) => block.trim());
  return <div className={`prose ${className}`}>{blocks.map((block, index) => <Paragraph key={index} block={block} />)}</div>;
}

function Paragraph({ block }: { block: string }) {
  const lines = block.trim().split("\n");
  const heading = /^(#{2,3})\s+(.*)$/.exec(lines[0]!);
  if (heading && lines.length === 1) {
    return heading[1] === "##" ? <h2>{inline(heading[2]!)}</h2> : <h3>{inline(heading[2]!)}</h3>;
  }
  if (lines.every((line) => /^\s*[-*]\s+/.test(line))) {
    return (
      <ul>
        {lines.map((line, index) => (
          <li key={index}>{inline(line.replace(/^\s*[-*]\s+/, ""))}</li>
        ))}
      </ul>
    );
  }
  return (
    <p>
      {lines.map((line, index) => (
        <span key={index}>
          {index > 0 && <br />}
          {inline(line)}
        </span>
      ))}
    </p>
  );
}

const MARKS = /(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|\[[^\]]+\]\([^)\s]+\))/;

function inline(text: string): ReactNode[] {
  return text.split(MARKS).map((part, index) => {
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part);
    if (link) {
      return (
        <SiteLink key={index} href={link[2]}>
          {link[1]}
        </SiteLink>
      );
    }
    if (/^\*\*.+\*\*$/.test(part)) return <strong key={index}>{part.slice(2, -2)}</strong>;
    if (/^\*[^*]+\*$/.test(part)) return <em key={index}>{part.slice(1, -1)}</em>;
    return part;
  });
}
