/** Masks the words of a style sheet that are not in quotes. Such words are in the values of custom properties, and in attribute
 *  selectors. */

import { masked } from "./rules";
import { isShape } from "./shapes";

/** Matches a property whose value can be any words, because a script can store any words in such a property. */
export const CUSTOM = /^\s*(--[^\s:]*|initial-value)\s*:/i;
const WORD = /#?(?:\\.|[\w.%+\-\u0080-\u{10ffff}])+\(?/giu;
const NUMBER =
  /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?(%|px|r?em|r?ex|r?ch|r?lh|r?ic|[sld]?v([whib]|min|max)|cq([whib]|min|max)|fr|m?s|deg|g?rad|turn|pt|cm|mm|in|pc|q|dpi|dpcm|dppx|x)?$/i;
const COLOUR = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;
const FUNCTION =
  /^(var|env|calc|min|max|clamp|rgba?|hsla?|hwb|(ok)?(lab|lch)|color|color-mix|light-dark|(repeating-)?(linear|radial|conic)-gradient|(translate|rotate|scale|skew)([xyz]|3d)?|matrix(3d)?|perspective|blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia|cubic-bezier|steps|linear|minmax|repeat|fit-content|polygon|circle|ellipse|inset|path|image-set|url)\($/i;
const NAMED =
  /^((ui-)?(sans-serif|serif|monospace|rounded)|system-ui|emoji|math|cursive|fantasy|in|at|to|from|s?rgb|oklab|oklch|closest-side|farthest-corner)$/i;
/** Properties whose values consist only of CSS keywords. Properties that can contain names chosen by the page's author are not in
 *  this list. */
const PROPERTIES = (
  "color display position float flex-direction flex-wrap align-items justify-content text-align text-transform white-space overflow " +
  "visibility border-style font-weight font-style font-size width margin cursor object-fit mix-blend-mode background-size " +
  "background-position background-repeat transition-timing-function animation-direction animation-fill-mode pointer-events"
).split(" ");

const known = new Map<string, boolean>();

/** Returns whether a word is a CSS keyword, such as `red` or `inline-block`. */
function isCss(word: string): boolean {
  let is = known.get(word);
  if (is === undefined) {
    const supports = (globalThis as { CSS?: Partial<typeof CSS> }).CSS?.supports;
    is = NAMED.test(word) || (/^[a-z-]{2,30}$/i.test(word) && PROPERTIES.some((one) => supports?.(one, word)));
    if (known.size < 2000) known.set(word, is);
  }
  return is;
}

/** Masks the words in the value of a custom property. Numbers, colours and words of CSS stay, so that the page keeps its look. */
export const maskValue = (value: string): string =>
  value.replace(WORD, (word) => {
    if (/^(--|[-+.]+$)/.test(word) || NUMBER.test(word) || COLOUR.test(word) || FUNCTION.test(word) || isCss(word)) return word;
    return word.endsWith("(") ? `${masked(word.slice(0, -1))}(` : masked(word);
  });

/** Matches an attribute with an unquoted value in a selector. */
const ATTRIBUTE = /\[\s*(?:[\w*-]*\|)?([^\]=~|^$*"'\s]+)\s*[~|^$*]?=\s*(?!["'\s])([^\]"']+?)(?=(\s+[is])?\s*(\]|$))/gi;
const BEFORE_QUOTE = /\[\s*(?:[\w*-]*\|)?([^\]=~|^$*"'\s]+)\s*[~|^$*]?=\s*$/i;

/** Masks the values of attributes in a selector. Attributes that contain no words (`isShape`) are never masked. */
export const maskSelector = (selector: string): string =>
  selector.replace(ATTRIBUTE, (whole, name: string, value: string) =>
    isShape(name.toLowerCase()) ? whole : whole.slice(0, -value.length) + masked(value),
  );

/** Returns whether the string that follows `before` in a selector is the value of an attribute whose values are never masked. */
export const shapes = (before: string): boolean => {
  const name = BEFORE_QUOTE.exec(before)?.[1];
  return name !== undefined && isShape(name.toLowerCase());
};

/** Masks custom properties in the condition of a rule such as `@container style(--theme: dark)`. */
export const maskConditions = (head: string): string =>
  head.replace(/(\(\s*--[^\s:()]*\s*:)([^()]*)/g, (_, name: string, value: string) => name + maskValue(value));
