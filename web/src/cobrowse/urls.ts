/** What of an address, and of the addresses and texts in a style sheet, may leave the page. */

import { masked } from "./rules";

/** Pictures inside of a page's addresses are bounded: such an address may be several megabytes long. */
const MOST_DATA = 65_536;
const RASTER = /^data:image\/(png|jpe?g|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)[;,]/i;
const DRAWING = /^data:image\/svg\+xml[;,]/i;
/** Parts of a drawing that can have words. */
const WORDED = /<\s*(text|title|desc|tspan|style|foreignobject|image|script|metadata|!)|(aria-|data-)/i;
const SCHEME = /^\s*([a-z][a-z0-9+.-]*):/i;

/** How much of an address may leave the page. `bare`: without query and fragment. `wordless`: no text in pictures either. */
export interface Limits {
  bare: boolean;
  wordless: boolean;
}

/** Returns the part of an address that may leave the page; "" if nothing may. */
export function cleanUrl(url: string, { bare, wordless }: Limits): string {
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

/** Returns the text of a drawing in a `data:` address. A drawing that cannot be read counts as one with words. */
function drawing(url: string): string {
  const comma = url.indexOf(",");
  const body = url.slice(comma + 1);
  try {
    return url.slice(0, comma).toLowerCase().endsWith(";base64") ? atob(decodeURIComponent(body)) : decodeURIComponent(body);
  } catch {
    return "<text";
  }
}

const URLS = /url\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^)"']*)\s*\)/gis;
const IMPORTS = /(@import\s+)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/gis;
const WORDS = /((?:^|[\s;{])(?:content|--[^\s:;{}]+)\s*:)((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^;{}"'])*)/gis;
const COMMENTS = /\/\*.*?\*\//gs;
const STRINGS = /url\((?:"[^"]*"|'[^']*'|[^)]*)\)|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/gis;
const PRIVATE_USE = /[\ue000-\uf8ff]/;
const ESCAPE = /\\([0-9a-f]{1,6})\s?|\\?[^\s]/gis;

/** Returns a style sheet without comments and with clean addresses. `wordless`: texts that its rules put on the page are masked.
 *  The characters of icon fonts, which mean nothing as text, stay. */
export function cleanCss(css: string, limits: Limits): string {
  const open = css.replace(COMMENTS, "").replace(URLS, (_, quoted: string) => `url("${cleanQuoted(quoted, limits)}")`);
  const told = open.replace(IMPORTS, (_, at: string, quoted: string) => `${at}"${cleanQuoted(quoted, limits)}"`);
  return limits.wordless ? told.replace(WORDS, (_, name: string, value: string) => name + cleanValue(value)) : told;
}

/** Returns the value of a property that may put a text on the page, with its strings masked. */
export const cleanValue = (value: string): string =>
  value.replace(STRINGS, (string) => (/^url\(/i.test(string) ? string : maskedString(string)));

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
  if (url.startsWith("#")) return url; // a part of the same drawing, such as a filter
  return cleanUrl(url, limits).replace(/["\\\n]/g, encodeURIComponent);
}
