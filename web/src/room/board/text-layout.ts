/** Breaks a text of the board into lines that fit a width. Pure: the caller measures the width of words. */

export type Measure = (text: string) => number;

export const LINE_HEIGHT = 1.3;
const LINES_MOST = 300;
/** Matches the pieces of a text that stay on one line. A line can break after a space or a hyphen, and before or after each
 *  Chinese or Japanese character. Korean words stay whole, because Korean puts spaces between words. */
const PIECES = /[^\s\-\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]+[\s-]*|[\s-]+|./gsu;

/**
 * Returns the lines of a text, at most `LINES_MOST`. A word wider than `width` is split. Spaces at the end of a line do not count
 * as width.
 */
export function wrap(text: string, width: number, measure: Measure): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    lines.push(...wrapParagraph(paragraph, width, measure, LINES_MOST - lines.length));
    if (lines.length >= LINES_MOST) break;
  }
  return lines;
}

function wrapParagraph(text: string, width: number, measure: Measure, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  const pieces = text.match(PIECES) ?? [];
  for (let i = 0; i < pieces.length && lines.length < most; i++) {
    const piece = pieces[i] ?? "";
    if (measure((line + piece).trimEnd()) <= width) {
      line += piece;
    } else if (line !== "") {
      lines.push(line.trimEnd());
      line = "";
      i -= 1;
    } else {
      const [head, rest] = cut(piece, width, measure);
      if (rest === "") line = head;
      else {
        lines.push(head);
        pieces.splice(i + 1, 0, rest);
      }
    }
  }
  if (lines.length < most) lines.push(line.trimEnd());
  return lines;
}

/** Splits a word after as many characters as fit into `width`, at least one. */
function cut(word: string, width: number, measure: Measure): [string, string] {
  const characters = Array.from(word);
  let fits = 1;
  let tooMany = characters.length + 1;
  while (fits + 1 < tooMany) {
    const half = (fits + tooMany) >> 1;
    if (measure(characters.slice(0, half).join("").trimEnd()) <= width) fits = half;
    else tooMany = half;
  }
  return [characters.slice(0, fits).join(""), characters.slice(fits).join("")];
}

/**
 * Returns the size of a text whose lines are at most `most` wide. The width is that of the longest line, but at least the size of
 * the font.
 */
export function sizeOf(text: string, most: number, fontSize: number, measure: Measure): { width: number; height: number } {
  const lines = wrap(text, most, measure);
  const width = Math.max(fontSize, ...lines.map(measure));
  return { width: Math.min(most, Math.ceil(width) + 2), height: Math.ceil(lines.length * fontSize * LINE_HEIGHT) };
}
