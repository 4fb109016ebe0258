/** Finds words in the lines that this page has. Pure. A user's page never gets lines that only staff are allowed to read, so the
 *  search cannot find such lines. */

import type { Line } from "../../messages";
import type { Inline } from "./inline";
import { parse, type Block } from "./tree";

/** A place where the search has found the words: the line's number, and which occurrence in the line, counted from 0. */
export interface Hit {
  seq: number;
  nth: number;
}

/** Returns the text in the form in which the search compares texts. This form is Unicode's NFC with small letters. A capital
 *  letter stays if its small letter has another length. */
export function folded(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\p{Lu}/gu, (char) => (char.toLowerCase().length === char.length ? char.toLowerCase() : char));
}

/** Returns the indexes at which `words` begin in `text`. `words` and `text` must already be folded (`folded`). */
export function starts(text: string, words: string): number[] {
  const found: number[] = [];
  if (words === "") return found;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) found.push(at);
  return found;
}

const flat = (pieces: Inline[]): string =>
  pieces.map((piece) => (typeof piece === "string" ? piece : "of" in piece ? flat(piece.of) : piece.text)).join("");

function said(block: Block): string {
  if (block.kind === "code") return block.text;
  return block.kind === "list" ? block.items.map(flat).join("\n") : flat(block.of);
}

const texts = new WeakMap<Line, string>();

/** Returns the text of a line in the form in which the search compares texts (`folded`), without formatting characters such as
 *  "**". Returns "" for a line in which the search does not look, such as a picture or a retracted line. */
export function searched(line: Line): string {
  const known = texts.get(line);
  if (known !== undefined) return known;
  const hidden = line.kind === "system" || line.role === "system" || line.kind === "picture" || line.change === "retracted";
  const text = hidden ? "" : folded(line.kind === "file" ? line.text : parse(line.text).map(said).join("\n"));
  texts.set(line, text);
  return text;
}

/** Returns all places where the words occur, the oldest first. */
export function hits(lines: readonly Line[], query: string): Hit[] {
  const words = folded(query.trim());
  return lines.flatMap((line) => starts(searched(line), words).map((_, nth) => ({ seq: line.seq, nth })));
}

/** Returns the index of the hit `now` among all hits. If `now` is null or not among them, returns the index of the newest hit;
 *  -1 if there are no hits. */
export function placeOf(all: readonly Hit[], now: Hit | null): number {
  const at = now ? all.findIndex(({ seq, nth }) => seq === now.seq && nth === now.nth) : -1;
  return at >= 0 ? at : all.length - 1;
}

/** Returns the next hit (`by` 1) or the previous hit (-1). After the newest hit comes the oldest, and before the oldest the
 *  newest. Null: there are no hits. */
export function stepped(all: readonly Hit[], now: Hit | null, by: 1 | -1): Hit | null {
  return all[(placeOf(all, now) + by + all.length) % all.length] ?? null;
}
