/** Shortens and cleans text, for every page. Pure. */

/** Returns the first `most` characters, counted in code points as the server does, so that no emoji is split. */
// oxlint-disable-next-line typescript/no-misused-spread -- code points are meant, and pages may replace `Array.from`
export const cut = (text: string, most: number): string => [...text].slice(0, most).join("");

/** Removes lone surrogates and U+0000 from a text, because the server refuses them. */
export const clean = (text: string): string => text.replace(/[\0\p{Cs}]/gu, "");
