/** The one way in which pages shorten and clean text. Pure. */

/** The first `most` characters, counted as the server counts them: by code points, so that no emoji is cut in two. */
// oxlint-disable-next-line typescript/no-misused-spread -- code points are meant, and pages have an `Array.from` of their own
export const cut = (text: string, most: number): string => [...text].slice(0, most).join("");

/** `text` without halves of surrogate pairs and without U+0000, which the server refuses. */
export const clean = (text: string): string => text.replace(/[\0\p{Cs}]/gu, "");
