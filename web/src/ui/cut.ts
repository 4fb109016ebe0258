/** Shortens and cleans text, for every page. Pure. */

// At most this many UTF-16 units for each visible character, on average over a text. Without this limit, one character could
// carry any number of accents.
const UNITS_A_CHARACTER = 8;
// The limit in UTF-16 units is never below this number, whatever `most` is: a name can consist of sixty family emoji.
const LEAST_UNITS = 680;

/** Returns the first `most` visible characters. Like the server, counts grapheme clusters, so that no emoji and no accent is
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

/** Removes lone surrogates and U+0000 from a text, because the server refuses them. */
export const clean = (text: string): string => text.replace(/[\0\p{Cs}]/gu, "");
