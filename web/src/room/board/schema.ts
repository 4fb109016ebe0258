/** The schema of the board's document. The document has pages, and a page has Excalidraw's elements. The points of an element are
 *  stored in chunks. Other people can write anything into the document, so every read checks what it finds. */

import * as Y from "yjs";
import { clean } from "../../ui/cut";
import { KINDS, type Changes, type Kind, type Shape } from "./shape";
import { INT16, quantize, VARINT, type Packing } from "./strokes";

/** Width and height of every page of a board, in units. */
export const BOARD_WIDTH = 1600;
export const BOARD_HEIGHT = 1000;
export const SCHEMA = 2;
export const FIRST_PAGE = "";
export const PAGES_MOST = 60;
export const TEXT_MOST = 2000;
export const FONT_SIZES = { small: 22, medium: 32, large: 52 } as const;

export type ElementMap = Y.Map<unknown>;

export const elementsOf = (doc: Y.Doc): Y.Map<ElementMap> => doc.getMap<ElementMap>("elements");
export const metaOf = (doc: Y.Doc): Y.Map<unknown> => doc.getMap("meta");
export const pagesOf = (doc: Y.Doc): Y.Map<ElementMap> => doc.getMap<ElementMap>("pages");

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const COLOUR = /^#[0-9a-f]{6}$/i;
/** Characters that a text never shows: control characters other than line ends, and those that change the direction of the text
 *  after them. */
// oxlint-disable-next-line no-control-regex -- a stranger's text may hold any of them
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

const within = (value: unknown, low: number, high: number): number | null =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const name = (value: unknown): string => (typeof value === "string" && NAME.test(value) ? value : "");

/** Returns a person's text as it is stored and shown: without invisible characters, at most `TEXT_MOST` long. */
export const cleanText = (value: unknown): string =>
  clean(text(value).replaceAll("\r\n", "\n").replaceAll("\t", "  ").replace(UNSEEN, "").slice(0, TEXT_MOST));

/** An element that was read from the board's document: its shape, and the array that holds a stroke's points. */
export interface Element {
  shape: Omit<Shape, "points" | "extent">;
  chunks: Y.Array<unknown> | null;
  packing: Packing;
}

/** Returns the shape that an element describes; null if the element cannot be drawn. */
export function readElement(id: string, element: unknown): Element | null {
  if (!(element instanceof Y.Map) || !NAME.test(id)) return null;
  const map = element as ElementMap;
  const kind = KINDS.find((one) => one === map.get("type"));
  const colour = map.get("strokeColor");
  const [x, y] = [within(map.get("x"), -BOARD_WIDTH, 2 * BOARD_WIDTH), within(map.get("y"), -BOARD_HEIGHT, 2 * BOARD_HEIGHT)];
  const stroke = within(map.get("strokeWidth"), 0.5, 100);
  const points = map.get("points");
  if (!kind || x === null || y === null || stroke === null || typeof colour !== "string" || !COLOUR.test(colour)) return null;
  const chunks = points instanceof Y.Array ? (points as Y.Array<unknown>) : null;
  const picture = name(map.get("fileId"));
  if ((kind === "freedraw" && !chunks) || (kind === "image" && !picture)) return null;
  const extent = readExtent(kind, map);
  if (!extent) return null;
  const shape: Element["shape"] = {
    id,
    kind,
    page: name(map.get("page")),
    x,
    y,
    ...extent,
    angle: within(map.get("angle"), -10, 10) ?? 0,
    scaleX: within(map.get("scaleX"), -100, 100) || 1,
    scaleY: within(map.get("scaleY"), -100, 100) || 1,
    colour,
    stroke,
    opacity: within(map.get("opacity"), 0, 100) ?? 100,
    author: name(map.get("author")),
    index: text(map.get("index")).slice(0, 64),
    deleted: map.get("isDeleted") === true,
    locked: map.get("locked") === true,
    text: kind === "text" ? cleanText(map.get("text")) : "",
    fontSize: within(map.get("fontSize"), 8, 400) ?? FONT_SIZES.medium,
    picture,
  };
  return { shape, chunks, packing: map.get("packing") === VARINT ? VARINT : INT16 };
}

/** Returns the width and height of a shape; 0 and 0 for a stroke, null if they are not valid. A line can lead in any direction,
 *  so its width and height can be negative. */
function readExtent(kind: Kind, map: ElementMap): Pick<Shape, "width" | "height"> | null {
  if (kind === "freedraw") return { width: 0, height: 0 };
  const least = kind === "line" || kind === "arrow" ? -2 * BOARD_WIDTH : 0;
  const [width, height] = [within(map.get("width"), least, 2 * BOARD_WIDTH), within(map.get("height"), least, 2 * BOARD_WIDTH)];
  return width === null || height === null ? null : { width, height };
}

const KEYS: Record<keyof Changes, string> = {
  x: "x",
  y: "y",
  width: "width",
  height: "height",
  angle: "angle",
  scaleX: "scaleX",
  scaleY: "scaleY",
  colour: "strokeColor",
  stroke: "strokeWidth",
  locked: "locked",
  text: "text",
  fontSize: "fontSize",
  deleted: "isDeleted",
  page: "page",
};

/** Writes changes into an element. Fields that stay the same are not written, so that they cost nothing. */
export function writeChanges(element: ElementMap, changes: Changes): void {
  for (const [field, value] of Object.entries(changes)) {
    const key = KEYS[field as keyof Changes];
    const stored = typeof value === "number" && field !== "angle" && !field.startsWith("scale") ? quantize(value) : value;
    if (element.get(key) !== stored) element.set(key, stored);
  }
}

/** The fields of a new shape. Missing fields get their defaults. */
export type NewShape = Pick<Shape, "kind" | "page" | "x" | "y" | "colour" | "stroke" | "opacity"> &
  Partial<Pick<Shape, "width" | "height" | "angle" | "scaleX" | "scaleY" | "text" | "fontSize" | "picture">> & {
    /** The points of a copied stroke, packed into one chunk. */
    chunk?: Uint8Array;
  };

export function makeElement(made: NewShape, author: string, index: string): ElementMap {
  const element: ElementMap = new Y.Map();
  const put = (key: string, value: unknown) => element.set(key, value);
  put("type", made.kind);
  put("strokeColor", made.colour);
  put("strokeWidth", made.stroke);
  put("opacity", made.opacity);
  put("x", quantize(made.x));
  put("y", quantize(made.y));
  put("author", author);
  put("index", index);
  put("isDeleted", false);
  if (made.page !== FIRST_PAGE) put("page", made.page);
  if (made.angle) put("angle", made.angle);
  if (made.kind === "freedraw") {
    put("packing", VARINT);
    put("points", made.chunk ? Y.Array.from([made.chunk]) : new Y.Array<Uint8Array>());
    if (made.scaleX && made.scaleX !== 1) put("scaleX", made.scaleX);
    if (made.scaleY && made.scaleY !== 1) put("scaleY", made.scaleY);
    return element;
  }
  put("width", quantize(made.width ?? 0));
  put("height", quantize(made.height ?? 0));
  if (made.kind === "text") {
    put("text", cleanText(made.text));
    put("fontSize", made.fontSize ?? FONT_SIZES.medium);
  }
  if (made.kind === "image") put("fileId", made.picture);
  return element;
}

/** Returns the `index` of a new shape, by which shapes sort in the order of their creation. `random`, 0 to 1, orders shapes of
 *  the same millisecond. */
export function makeIndex(nowMs: number, random: number): string {
  return `${String(Math.floor(nowMs)).padStart(15, "0")}-${Math.floor(random * 1e6)
    .toString(36)
    .padStart(4, "0")}`;
}

/** Returns when a shape was begun (ms since 1970), which its `index` says; 0 if the index has no time. */
export function drawnAt(index: string): number {
  const [time = ""] = index.split("-");
  return /^\d{1,15}$/.test(time) ? Number(time) : 0;
}

export interface Page {
  id: string;
  /** Id of the page's background picture; "" for blank paper. */
  background: string;
  /** Shapes with an `index` before this index are put away, together with the picture on which they were drawn; "" if no shapes
   *  are put away. */
  putAway: string;
  index: string;
}

/** Returns the pages in their order. `meta` describes the first page, and `pages` describes all further pages. A board always has
 *  at least one page. */
export function readPages(doc: Y.Doc): Page[] {
  const found: Page[] = [];
  for (const [id, map] of pagesOf(doc)) {
    if (name(id) && map instanceof Y.Map && map.get("isDeleted") !== true) found.push(readPage(id, map));
  }
  found.sort((a, b) => (a.index < b.index ? -1 : a.index > b.index || a.id > b.id ? 1 : -1));
  const meta = metaOf(doc);
  if (found.length === 0 || meta.get("isDeleted") !== true) found.unshift(readPage(FIRST_PAGE, meta));
  return found.slice(0, PAGES_MOST);
}

function readPage(id: string, map: Y.Map<unknown>): Page {
  return {
    id,
    background: name(map.get("background")),
    putAway: text(map.get("putAway")).slice(0, 64),
    index: text(map.get("index")).slice(0, 64),
  };
}

/** Returns the colours that people drew with first: participant → #rrggbb. */
export function readColours(meta: Y.Map<unknown>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of meta) {
    if (key.startsWith(COLOUR_KEY) && typeof value === "string" && COLOUR.test(value))
      found.set(key.slice(COLOUR_KEY.length), value);
  }
  return found;
}

export const COLOUR_KEY = "colour:";
