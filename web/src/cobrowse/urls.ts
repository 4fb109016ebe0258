/** Decides which parts of an address, and of the addresses and texts in a style sheet, are allowed to leave the page. */

import { CUSTOM, maskConditions, maskSelector, maskValue, shapes } from "./css-words";
import { masked } from "./rules";

/** Greatest length of a `data:` address that is allowed to leave the page, in characters. Such an address contains a whole
 *  picture, and can be megabytes long. */
const MOST_DATA = 65_536;
const RASTER = /^data:image\/(png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)[;,]/i;
const DRAWING = /^data:image\/svg\+xml[;,]/i;
/** Matches the parts of an SVG drawing that can contain text. */
const WORDED = /<\s*(text|title|desc|tspan|style|foreignobject|image|script|metadata|!)|(aria-|data-)/i;
const SCHEME = /^\s*([a-z][a-z0-9+.-]*):/i;

/** Says how much of an address is allowed to leave the page. `bare`: the address without query and fragment. `wordless`: no
 *  address that is itself a text: no mail address, no telephone number, and no `data:` address of a drawing with text. `sealed`:
 *  nothing at all, because a picture in a private place can be a QR code. */
export interface Limits {
  bare: boolean;
  wordless: boolean;
  sealed?: boolean;
}

/** Returns the part of an address that is allowed to leave the page; "" if no part is. */
export function cleanUrl(url: string, { bare, wordless, sealed = false }: Limits): string {
  if (sealed) return "";
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase() ?? "";
  if (scheme === "data") return cleanData(url.trim(), wordless);
  if (scheme === "mailto" || scheme === "tel" || scheme === "sms") return wordless ? "" : url;
  if (scheme !== "" && scheme !== "http" && scheme !== "https") return "";
  const open = url.replace(/^(\s*[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, "$1//");
  return bare ? open.replace(/[?#].*$/s, "") : open;
}

function cleanData(url: string, wordless: boolean): string {
  if (url.length > MOST_DATA) return "";
  if (RASTER.test(url)) return url;
  if (!DRAWING.test(url)) return "";
  return wordless && WORDED.test(drawing(url)) ? "" : url;
}

/** Returns the source of a drawing in a `data:` address. A drawing that cannot be decoded counts as a drawing with text. */
function drawing(url: string): string {
  const comma = url.indexOf(",");
  const body = url.slice(comma + 1);
  try {
    return url.slice(0, comma).toLowerCase().endsWith(";base64") ? atob(decodeURIComponent(body)) : decodeURIComponent(body);
  } catch {
    return "<text";
  }
}

/** Matches a part of a style sheet: a comment, an address, a string, or the text between these. A string without a closing quote
 *  goes to the end of its line. */
const PARTS =
  /\/\*.*?(?:\*\/|$)|\burl\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^)"']*)\s*(?:\)|$)|("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)|[;{}]|(?:\\.|(?!\burl\()[^;{}"'/\\])+|./gis;
/** Properties whose strings are names, which never appear on the page as text. */
const NAMES = /^\s*(font|font-family|src|font-feature-settings|font-variation-settings|grid(-template)?(-areas)?|syntax)\s*:/i;
const RULE_HEAD = /^\s*@(charset|namespace|layer|media|supports|container|font-feature-values)\b/i;
const SELECTOR = /^(?!\s*--)[^:]*(:(?!\s)[^:]*)*=\s*$/;
const ADDRESS = /@import\s*$|image-set\([^;]*$/i;
const ENDED = /^"(?:[^"\\]|\\.)*"$|^'(?:[^'\\]|\\.)*'$/s;
const PRIVATE_USE = /[\ue000-\uf8ff]/;
const ESCAPE = /\\([0-9a-f]{1,6})\s?|\\?[^\s]/gis;

/** Returns a style sheet without comments, and with addresses in the form in which they are allowed to leave the page. With
 *  `wordless`, masks texts that the rules put on the page, and words that scripts can have stored in the sheet. The characters of
 *  icon fonts are not masked, because they mean nothing as text. `property`: the name of the property whose value `css` is; "" if
 *  `css` is a whole sheet. */
export function cleanCss(css: string, limits: Limits, property = ""): string {
  let clean = "";
  let head = property && `${property}:`; // the text since the end of the last rule or declaration
  let braces = 0; // number of open braces in the value of a custom property
  for (const [part, address, string] of css.matchAll(PARTS)) {
    let kept = part;
    if (part.startsWith("/*")) kept = " ";
    else if (address !== undefined) kept = `url("${cleanQuoted(address, limits)}")`;
    else if (string !== undefined) kept = cleanString(string, head, limits);
    else if (limits.wordless) kept = maskWords(part, head);
    clean += kept;
    if (CUSTOM.test(head) && part === "{") braces++;
    else if (braces > 0 && part === "}") braces--;
    else if (braces === 0 || !/^[;{}]$/.test(part)) head = /^[;{}]$/.test(part) ? "" : head + kept;
  }
  return clean;
}

/** Returns a piece of a declaration, selector or rule with its words masked. `head`: the text before this piece. */
function maskWords(part: string, head: string): string {
  const value = CUSTOM.exec(head + part)?.[0].length;
  if (value === undefined) return maskConditions(maskSelector(part));
  const begin = Math.max(0, value - head.length);
  return part.slice(0, begin) + maskValue(part.slice(begin));
}

/** Returns a string of CSS in the form in which it is allowed to leave the page. `head`: the CSS before the string, from the
 *  start of the same declaration, selector or rule. */
function cleanString(string: string, head: string, limits: Limits): string {
  if (/image-set\([^;]*\btype\(\s*$/i.test(head)) return string;
  if (ADDRESS.test(head)) return `"${cleanQuoted(closed(string), limits)}"`;
  const isName = NAMES.test(head) || RULE_HEAD.test(head) || (SELECTOR.test(head) && shapes(head));
  return limits.wordless && !isName ? maskedString(closed(string)) : string;
}

/** Adds the closing quote to a string that has none. */
const closed = (string: string): string => (ENDED.test(string) ? string : string.replace(/\\$/, "") + string[0]!);

function maskedString(string: string): string {
  const quote = string[0]!;
  const inner = string.slice(1, -1).replace(ESCAPE, (each, code: string | undefined) => {
    const character = code ? String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff)) : each;
    return PRIVATE_USE.test(character) ? each : masked(character);
  });
  return quote + inner + quote;
}

function cleanQuoted(quoted: string, limits: Limits): string {
  const url = /^["']/.test(quoted) ? quoted.slice(1, -1) : quoted.trim();
  if (url.startsWith("#")) return url; // the address names another part of the same drawing, such as a filter
  return cleanUrl(url, limits).replace(/["\\\n]/g, encodeURIComponent);
}
