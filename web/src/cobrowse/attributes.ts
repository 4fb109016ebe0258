/** Decides which attributes of an element are allowed to leave the page, and with which values. */

import { type Attributes, plain, type StyleChange, type Value } from "./events";
import { isButton, isField, masked, type Place, type Rules } from "./rules";
import { isShape } from "./shapes";
import { cleanCss, cleanUrl, type Limits } from "./urls";

/** Attributes that shape an SVG drawing. On other elements, an attribute with such a name can contain text for people, such as a
 *  component's `text-label`. */
const DRAWS =
  /^(d|[xyr]|[xy][12]|[dcfr][xy]|points|viewbox|preserveaspectratio|transform|gradienttransform|patterntransform|(gradient|pattern|clippath|mask|marker|filter|primitive|maskcontent|patterncontent)units|pathlength|offset|fill|stroke|opacity|(fill|stroke|stop|clip|marker|font|flood|text|lighting|color)-[a-z-]+|mask|filter|marker(width|height)|ref[xy]|orient|rotate|dominant-baseline|vector-effect|visibility|display|overflow|spreadmethod|stddeviation|in|in2|result|operator|k[1-4]|values|mode|xmlns(:[a-z]+)?|version|width|height)$/i;
/** Element → its attributes that hold the address of a picture, a style sheet or a link. */
const ADDRESSES: Record<string, readonly string[]> = {
  a: ["href", "xlink:href"],
  area: ["href"],
  img: ["src"],
  image: ["href", "xlink:href"],
  input: ["src"],
  link: ["href"],
  use: ["href", "xlink:href"],
};
/** Attributes whose text takes up room on the page. Their masked text has the same length, so that the layout stays. */
const ROOM = new Set(["alt", "placeholder"]);
const NEVER = /^(on.*|srcdoc|srcset|imagesrcset|sizes|nonce|integrity|action|formaction|ping|http-equiv|content)$/i;
/** Elements whose `value` nobody types. Any other element with a `value` could be a field, such as a site's own `<x-input>`. */
const VALUED = new Set(["button", "data", "li", "meter", "progress"]);
const SVG = "http://www.w3.org/2000/svg";
const PIXELS = /^-?[\d.]+(px)?$/;

export interface Around {
  rules: Rules;
  element: Element;
  place: Place;
}

/** Returns the attributes of an element in the form in which they are allowed to leave the page. */
export function cleanAttributes(attributes: Attributes, around: Around): Attributes {
  const clean: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    const kept = cleanAttribute(name, value, around);
    if (kept !== undefined) clean[name] = kept;
  }
  return clean;
}

/** Returns the value of an attribute in the form in which it is allowed to leave the page; undefined if the attribute must not
 *  leave. A value of null stands for a removed attribute. */
function cleanAttribute(name: string, value: Value, around: Around): Value {
  if (value === undefined || value === null) return value;
  const { rules, element, place } = around;
  const limits: Limits = { bare: rules.mode === "strict", wordless: rules.masks(place), sealed: rules.seals(place) };
  const tag = element.localName;
  const low = name.toLowerCase();
  if (low.startsWith("rr_")) return cleanOwn(low, value);
  if (low === "style") return cleanStyle(value, limits);
  if (low === "_csstext")
    return tag === "style" || tag === "link" ? cleanCss(plain(value), sheetLimits(rules, place)) : undefined;
  if (low === "value") return cleanFieldValue(plain(value), around, limits);
  if (low === "checked" || low === "selected") return showsChoice(around) ? value : undefined;
  if (NEVER.test(low)) return undefined;
  if (ADDRESSES[tag]?.includes(low)) return cleanAddress(plain(value), element, limits);
  if (["href", "src", "poster", "background", "data", "cite"].includes(low)) return undefined;
  if (low === "data-sangdam-share" || low === "data-sangdam-private") return "";
  if (isShape(low) || (element.namespaceURI === SVG && DRAWS.test(low))) return value;
  return cleanText(low, plain(value), around, limits);
}

/** Returns what a style sheet may reveal when it leaves the page. Strict mode masks all texts in the sheet, because the sheet's
 *  rules can put these texts anywhere on the page. If the sheet is in a sealed place (`Rules.seals`), its addresses must not leave
 *  the page, because they can be the addresses of that place's pictures. */
export const sheetLimits = (rules: Rules, place: Place): Limits => {
  const bare = rules.mode === "strict";
  return { bare, wordless: bare || rules.masks(place), sealed: rules.seals(place) };
};

/** Returns the value of an attribute that the recorder itself adds: a size, a scroll position, or the way in which a dialog was
 *  opened. Undefined for any other attribute. */
function cleanOwn(name: string, value: Value): Value {
  if (name === "rr_open_mode") return value === "modal" || value === "non-modal" ? value : undefined;
  const known = ["rr_width", "rr_height", "rr_scrollleft", "rr_scrolltop"].includes(name);
  return known && PIXELS.test(plain(value)) ? value : undefined;
}

function cleanStyle(value: Value, limits: Limits): Value {
  if (typeof value !== "object" || value === null) return cleanCss(plain(value), limits);
  const clean: StyleChange = {};
  for (const [property, said] of Object.entries(value)) {
    const text = Array.isArray(said) ? said[0] : said;
    if (text === false) {
      clean[property] = false;
      continue;
    }
    const kept = cleanCss(text, limits, property);
    clean[property] = Array.isArray(said) ? [kept, said[1]] : kept;
  }
  return clean;
}

function cleanFieldValue(value: string, { rules, element, place }: Around, limits: Limits): Value {
  if (isButton(element)) return limits.wordless ? masked(value) : value;
  if (element.localName === "input" && hasNoText(element)) return undefined;
  if (isField(element)) return rules.value(element, value);
  return rules.masks(place) || !VALUED.has(element.localName) ? undefined : value;
}

/** Returns whether the visitor never sees the `value` of this input as text. This is so for a hidden field, a checkbox, a radio
 *  button and a file field. */
const hasNoText = (element: Element): boolean =>
  ["hidden", "checkbox", "radio", "file"].includes((element.getAttribute("type") ?? "").toLowerCase());

/** Returns whether the visitor has chosen to show staff the field to which this element belongs: a checkbox or radio button, or
 *  an option of a list. */
function showsChoice({ rules, element }: Around): boolean {
  const field = element.localName === "option" ? element.closest("select") : element;
  return field !== null && rules.shows(field);
}

function cleanAddress(value: string, element: Element, limits: Limits): Value {
  if (element.localName === "use")
    return value.startsWith("#") ? value : cleanUrl(value, { ...limits, bare: false }).replace(/\?[^#]*/, "");
  if (element.localName === "link" && !/(^|\s)stylesheet(\s|$)/i.test(element.getAttribute("rel") ?? "")) return undefined;
  if (element.localName === "link") return cleanUrl(value, { ...limits, sealed: false }) || undefined;
  const url = element.localName === "img" ? (element as HTMLImageElement).currentSrc || value : value;
  return cleanUrl(url, limits) || undefined;
}

function cleanText(name: string, value: string, { rules, element }: Around, limits: Limits): Value {
  if (limits.wordless) return ROOM.has(name) ? masked(value) : undefined;
  // Some scripts copy a field's value into other attributes of the field. The attributes listed here (hint, name, alternative
  // text) are assumed to be free of such copies.
  if (isField(element) && !["placeholder", "aria-label", "alt"].includes(name) && !rules.shows(element)) return undefined;
  return value;
}
