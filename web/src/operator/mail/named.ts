/** The names of languages, and the names in braces of a mail's text, such as "{site}", which the server replaces by values. */

/** Returns the name of a language in that language. */
export const ownLanguage = (tag: string): string => new Intl.DisplayNames([tag], { type: "language" }).of(tag) ?? tag;

const NAMED = /\{([^{}]*)\}/g;

/** Returns the names in braces that do not exist in this mail, as they were typed. */
export const unknownNames = (text: string, names: readonly string[]): string[] => [
  ...new Set([...text.matchAll(NAMED)].filter((found) => !names.includes(found[1]!)).map((found) => found[0])),
];

/** Returns the text with the name inserted in place of the selection, and the position of the cursor after the name. */
export function withName(text: string, name: string, from: number, to: number): { text: string; cursor: number } {
  const inserted = `{${name}}`;
  return { text: text.slice(0, from) + inserted + text.slice(to), cursor: from + inserted.length };
}
