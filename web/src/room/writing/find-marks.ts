/** Highlights the words that a search has found, without changing the document: the browser highlights the ranges by itself (CSS
 *  Custom Highlight API). */

import { folded, starts, type Hit } from "./find";

const FOUND = "found";
const NOW = "found-now";
const TEXTS = ".chat-text, .file-name";
const NOT_SAID = ".line-quoted, .visually-hidden";
const BLOCKS = `li, blockquote, pre, div, ${TEXTS}`; // no match continues from one of these blocks into the next
const MOST = 2000; // at most this many found places are highlighted at the same time

/** Highlights `words` in all lines in the document, and the hit `now` in another colour. Returns the range of `now`; null if the
 *  line of `now` is not in the document. */
export function mark(box: Element, words: string, now: Hit | null): Range | null {
  const all: Range[] = [];
  let current: Range | null = null;
  for (const line of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    if (all.length >= MOST) break;
    const found = rangesIn(line, words);
    if (now && line.dataset.seq === String(now.seq)) current = found[now.nth] ?? found[0] ?? null;
    all.push(...found);
  }
  unmark();
  if (typeof Highlight !== "undefined") {
    CSS.highlights.set(FOUND, new Highlight(...all.slice(0, MOST)));
    const one = new Highlight(...(current ? [current] : []));
    one.priority = 1;
    CSS.highlights.set(NOW, one);
  }
  return current;
}

export function unmark(): void {
  if (typeof Highlight === "undefined") return; // an old browser highlights no words, but still scrolls to the found line
  CSS.highlights.delete(FOUND);
  CSS.highlights.delete(NOW);
}

function rangesIn(line: Element, words: string): Range[] {
  const blocks = new Map<Element, Text[]>();
  for (const text of textsIn(line)) {
    const block = text.parentElement?.closest(BLOCKS);
    if (block) blocks.set(block, [...(blocks.get(block) ?? []), text]);
  }
  return [...blocks.values()].flatMap((texts) => rangesOver(texts, words));
}

function* textsIn(line: Element): Generator<Text> {
  for (const root of line.querySelectorAll(TEXTS)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode as Text;
      if (!text.parentElement?.closest(NOT_SAID)) yield text;
    }
  }
}

function rangesOver(texts: Text[], words: string): Range[] {
  const whole = folded(texts.map(({ data }) => data).join(""));
  return starts(whole, words).flatMap((from) => {
    const begin = placeIn(texts, from);
    const end = placeIn(texts, from + words.length - 1);
    if (!begin || !end || end.at >= end.text.length) return [];
    const range = document.createRange();
    range.setStart(begin.text, begin.at);
    range.setEnd(end.text, end.at + 1);
    return [range];
  });
}

function placeIn(texts: Text[], at: number): { text: Text; at: number } | null {
  for (const text of texts) {
    if (at < text.length) return { text, at };
    at -= text.length;
  }
  return null;
}
