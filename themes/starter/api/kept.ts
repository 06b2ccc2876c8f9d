/**
 * The last good answers of the API, for as long as nothing changed and for when it is away: in memory, and in a file
 * for the next process, which uses them in need only.
 */
import "server-only";

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { Answer } from "./ask";

/** How many answers are kept; the least recently used go first. */
const MAX_ANSWERS = 500;
/** How many of them are written down, the last used ones, and how large the file may be. */
const MAX_WRITTEN = 100;
const MAX_FILE = 8_000_000;
/** Milliseconds between a new answer and its being written. */
const WRITE_AFTER = 5_000;

const KEY = Symbol.for("vitrine.theme.answers");

interface State {
  answers: Map<string, Answer>;
  timer: NodeJS.Timeout | undefined;
  /** Whether the log has it that nothing can be written. */
  isSaid: boolean;
}

function state(): State {
  const place = globalThis as { [KEY]?: State };
  return (place[KEY] ??= { answers: read(), timer: undefined, isSaid: false });
}

export function recall(key: string): Answer | undefined {
  return state().answers.get(key);
}

export function keep(key: string, answer: Answer): void {
  const { answers } = state();
  answers.delete(key);
  answers.set(key, answer);
  for (const oldest of answers.keys()) {
    if (answers.size <= MAX_ANSWERS) break;
    answers.delete(oldest);
  }
  writeLater();
}

function file(): string {
  return path.join(process.env["STATE_DIR"] || path.join(process.cwd(), ".state"), "answers.json");
}

function read(): Map<string, Answer> {
  try {
    const entries = JSON.parse(readFileSync(/* turbopackIgnore: true */ file(), "utf8")) as [string, Answer][];
    return new Map(entries.map(([key, answer]) => [key, { ...answer, generation: -1 }]));
  } catch {
    return new Map(); // none yet, or half a file: nothing is lost but a fallback
  }
}

function writeLater(): void {
  const own = state();
  own.timer ??= setTimeout(() => {
    own.timer = undefined;
    write([...own.answers].slice(-MAX_WRITTEN));
  }, WRITE_AFTER).unref();
}

function write(entries: [string, Answer][]): void {
  const text = JSON.stringify(entries);
  if (text.length > MAX_FILE) return;
  const name = file();
  try {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(`${name}.new`, text);
    renameSync(`${name}.new`, name);
  } catch (error) {
    if (state().isSaid) return;
    state().isSaid = true;
    console.warn(JSON.stringify({ event: "answers not written", file: name, error: String(error) }));
  }
}
