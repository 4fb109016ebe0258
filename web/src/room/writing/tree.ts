/** Parses the light formatting of a line into a tree. Text that is not markup stays text; nothing here makes HTML. Pure,
 *  linear time. */

import { inline, type Inline } from "./inline";

export type Block =
  | { kind: "text" | "quote"; of: Inline[] }
  | { kind: "code"; text: string }
  /** A list. `start`: its first number; null for a list with bullets. */
  | { kind: "list"; start: number | null; items: Inline[][] };

const FENCE = /^```\s*\w*\s*$/;
const QUOTED = /^> ?/;
const BULLET = /^[-•] +(?=\S)/;
const NUMBER = /^(\d{1,3})\. +(?=\S)/;

type Kind = Block["kind"] | "numbered";

function kindOf(row: string): Kind {
  if (FENCE.test(row)) return "code";
  if (QUOTED.test(row)) return "quote";
  if (BULLET.test(row)) return "list";
  return NUMBER.test(row) ? "numbered" : "text";
}

/** Splits a chat line into blocks. Consecutive rows (texts between line breaks) of the same kind form one block. */
export function parse(text: string): Block[] {
  const rows = text.split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < rows.length;) {
    const kind = kindOf(rows[at] ?? "");
    let end = at + 1;
    if (kind === "code") {
      while (end < rows.length && !FENCE.test(rows[end] ?? "")) end += 1;
      blocks.push({ kind, text: rows.slice(at + 1, end).join("\n") });
      end += 1; // skips the closing fence of the code block
    } else {
      while (end < rows.length && kindOf(rows[end] ?? "") === kind) end += 1;
      const block = blockOf(kind, rows.slice(at, end));
      if (block) blocks.push(block);
    }
    at = end;
  }
  return blocks;
}

function blockOf(kind: Exclude<Kind, "code">, rows: string[]): Block | null {
  if (kind === "list") return { kind, start: null, items: rows.map((row) => inline(row.replace(BULLET, ""))) };
  if (kind === "numbered") {
    const start = Number(NUMBER.exec(rows[0] ?? "")?.[1] ?? 1);
    return { kind: "list", start, items: rows.map((row) => inline(row.replace(NUMBER, ""))) };
  }
  const said = kind === "quote" ? rows.map((row) => row.replace(QUOTED, "")) : rows;
  const of = said.flatMap((row, i) => (i === 0 ? inline(row) : ["\n", ...inline(row)]));
  return of.every((piece) => piece === "\n") ? null : { kind, of }; // only blank rows, which separate blocks
}
