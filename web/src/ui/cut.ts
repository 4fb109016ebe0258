/** Shortens and cleans text, for every page. Pure. */

/** Returns the first `most` characters, counted in code points as the server does, so that no emoji is split. */
// oxlint-disable-next-line typescript/no-misused-spread -- code points are meant, and pages have an `Array.from` of their own
export const cut = (text: string, most: number): string => [...text].slice(0, most).join("");

/** `text` without halves of surrogate pairs and without U+0000, which the server refuses. */
export const clean = (text: string): string => text.replace(/[\0\p{Cs}]/gu, "");
