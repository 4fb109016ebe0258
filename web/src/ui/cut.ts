/** Shortens and cleans text, for every page. Pure. */

// UTF-16 units for a visible character, on average over a text. Without this limit, accents could be stacked without end.
const UNITS_A_CHARACTER = 8;
const LEAST_UNITS = 680; // that even a short text may have: a name may consist of sixty family emoji

/** Returns the first `most` visible characters (grapheme clusters, which the server counts, too). So no emoji and no accent is
 *  split. */
export const cut = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const units = Math.max(most * UNITS_A_CHARACTER, LEAST_UNITS);
  let kept = "";
  let left = most;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (left-- <= 0 || kept.length + segment.length > units) break;
    kept += segment;
  }
  return kept;
};

const count = (text: string): number => [...new Intl.Segmenter().segment(text)].length;

/** Returns the text of a field after more was typed or pasted than fits, and where the caret then is. What goes is the end of the
 *  new part, before the caret: the text behind the caret was there before. */
export const fitted = (text: string, caret: number, most: number): [text: string, caret: number] => {
  if (cut(text, most) === text) return [text, caret];
  const behind = cut(text.slice(caret), most);
  const before = cut(text.slice(0, caret), most - count(behind));
  return [before + behind, before.length];
};

/** Removes lone surrogates and U+0000 from a text, because the server refuses them. */
export const clean = (text: string): string => text.replace(/[\0\p{Cs}]/gu, "");
