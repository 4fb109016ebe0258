/** Bold, italic, code and links within one row (between two line breaks) of a chat line. Pure, linear time. */

import { links, type Link } from "./links";

export type Inline = string | Link | { kind: "code"; text: string } | { kind: "strong" | "em"; of: Inline[] };

/** An emphasis that is not closed yet: the characters that opened it, such as "**", and the pieces of text that follow them. */
interface Open {
  run: string;
  of: Inline[];
  /** Whether the emphasis contains a letter or a digit. Otherwise the text is an emoticon such as *^^*. */
  wordy: boolean;
}

const RUN = /\*+|_+/g;
const WORDY = /[\p{L}\p{N}]/u;
const SPACE = /\s/;
const ASCII_WORD = /[A-Za-z0-9]/;
const BEFORE_ITALIC = /[\s([{"'“‘「『]/;

/** Splits one row of a chat line's text into pieces: plain text, links, code and emphasis. */
export function inline(row: string): Inline[] {
  return emphasized(codeSpans(row).flatMap((piece): Inline[] => (typeof piece === "string" ? links(piece) : [piece])));
}

function codeSpans(row: string): Inline[] {
  const parts = row.split("`");
  const pieces: Inline[] = [];
  parts.forEach((part, i) => {
    const closed = i % 2 === 1 && i < parts.length - 1;
    if (closed && part !== "") pieces.push({ kind: "code", text: part });
    else if (closed) pieces.push("``");
    else pieces.push(i % 2 === 1 ? `\`${part}` : part);
  });
  return pieces.filter((piece) => piece !== "");
}

/** Returns whether `run`, such as "**", can open emphasis. `before`, `after`: the characters before and after `run`; undefined if
 *  `run` begins or ends its row of text. */
function mayOpen(run: string, before: string | undefined, after: string | undefined): boolean {
  if (after === undefined || SPACE.test(after)) return false;
  if (before === undefined) return true;
  if (run === "_") return BEFORE_ITALIC.test(before);
  return run === "*" ? !WORDY.test(before) : !ASCII_WORD.test(before); // 가로*세로*높이 is a multiplication and no emphasis
}

/** Returns whether characters such as "**" can close emphasis. A Korean letter can follow them, because Korean particles follow a
 *  word without a space. */
function mayClose(before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && !SPACE.test(before) && (after === undefined || !ASCII_WORD.test(after));
}

const isMark = (run: string) => run === "_" || (run.startsWith("*") && run.length <= 3);

function emphasized(pieces: Inline[]): Inline[] {
  const stack: Open[] = [{ run: "", of: [], wordy: false }];
  pieces.forEach((piece, i) => {
    if (typeof piece !== "string") {
      add(stack, piece);
      return;
    }
    let from = 0;
    for (const found of piece.matchAll(RUN)) {
      const [run] = found;
      const before = piece[found.index - 1] ?? (i > 0 ? "a" : undefined); // a link or code before `run` counts as a letter
      const after = piece[found.index + run.length] ?? (i < pieces.length - 1 ? "가" : undefined);
      if (!isMark(run)) continue;
      const opened = stack.findIndex((open) => open.run === run);
      const closes = opened > 0 && mayClose(before, after);
      if (!closes && (opened > 0 || !mayOpen(run, before, after))) continue;
      add(stack, piece.slice(from, found.index));
      from = found.index + run.length;
      if (closes) close(stack, opened);
      else stack.push({ run, of: [], wordy: false });
    }
    add(stack, piece.slice(from));
  });
  while (stack.length > 1) unopen(stack);
  return stack[0]?.of ?? [];
}

function add(stack: Open[], piece: Inline): void {
  const top = stack.at(-1);
  if (!top || piece === "") return;
  const last = top.of.at(-1);
  if (typeof piece === "string" && typeof last === "string") top.of[top.of.length - 1] = last + piece;
  else top.of.push(piece);
  top.wordy ||= typeof piece !== "string" || WORDY.test(piece);
}

/** Closes the emphasis at index `at` of the stack. Emphasis that was opened after it and never closed becomes plain text. */
function close(stack: Open[], at: number): void {
  while (stack.length > at + 1) unopen(stack);
  const done = stack.pop();
  if (!done) return;
  if (!done.wordy) {
    for (const piece of [done.run, ...done.of, done.run]) add(stack, piece);
  } else if (done.run === "***") add(stack, { kind: "strong", of: [{ kind: "em", of: done.of }] });
  else add(stack, { kind: done.run === "**" ? "strong" : "em", of: done.of });
}

function unopen(stack: Open[]): void {
  const open = stack.pop();
  for (const piece of open ? [open.run, ...open.of] : []) add(stack, piece);
}
