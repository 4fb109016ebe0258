/** The schema of the board's document: Excalidraw's elements, with points in chunks. Other people may write anything into the
 *  document, so every read checks what it finds. */

import * as Y from "yjs";
import { quantize } from "./strokes";

export const BOARD_WIDTH = 1600;
export const BOARD_HEIGHT = 1000;
export const SCHEMA = 1;

export interface Style {
  /** #rrggbb */
  colour: string;
  /** CSS px at zoom 1. */
  width: number;
}

/** The fields of an element that are needed to draw it. `chunks` holds its points. */
export interface Stroke extends Style {
  x: number;
  y: number;
  opacity: number;
  author: string;
  index: string;
  deleted: boolean;
  chunks: Y.Array<unknown>;
}

export type ElementMap = Y.Map<unknown>;

export const elementsOf = (doc: Y.Doc): Y.Map<ElementMap> => doc.getMap<ElementMap>("elements");
export const metaOf = (doc: Y.Doc): Y.Map<unknown> => doc.getMap("meta");

const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const within = (value: unknown, low: number, high: number): number | null =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : null;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Returns the stroke in an element, or null when we cannot draw it. */
export function readStroke(element: unknown): Stroke | null {
  if (!(element instanceof Y.Map)) return null;
  const map = element as ElementMap;
  if (map.get("type") !== "freedraw") return null;
  const colour = map.get("strokeColor");
  const chunks = map.get("points");
  const [x, y] = [within(map.get("x"), -BOARD_WIDTH, 2 * BOARD_WIDTH), within(map.get("y"), -BOARD_HEIGHT, 2 * BOARD_HEIGHT)];
  const width = within(map.get("strokeWidth"), 0.5, 100);
  if (x === null || y === null || width === null || !(chunks instanceof Y.Array)) return null;
  if (typeof colour !== "string" || !/^#[0-9a-f]{6}$/i.test(colour)) return null;
  return {
    x,
    y,
    colour,
    width,
    opacity: within(map.get("opacity"), 0, 100) ?? 100,
    author: text(map.get("author")),
    index: text(map.get("index")),
    deleted: map.get("isDeleted") === true,
    chunks: chunks as Y.Array<unknown>,
  };
}

export function makeStroke(x: number, y: number, style: Style, author: string, index: string): ElementMap {
  const element: ElementMap = new Y.Map();
  const values: Record<string, unknown> = {
    type: "freedraw",
    strokeColor: style.colour,
    strokeWidth: style.width,
    opacity: 100,
    x: quantize(x),
    y: quantize(y),
    points: new Y.Array<Uint8Array>(),
    author,
    index,
    isDeleted: false,
  };
  for (const [name, value] of Object.entries(values)) element.set(name, value);
  return element;
}

/** Returns a key that sorts strokes by creation time. `random` (0..1) tells apart two strokes of the same millisecond. */
export function makeIndex(nowMs: number, random: number): string {
  return `${String(Math.floor(nowMs)).padStart(15, "0")}-${Math.floor(random * 1e6)
    .toString(36)
    .padStart(4, "0")}`;
}

/** Returns when a stroke began (ms since the epoch), from its `index`; 0 when the index holds no time. */
export function drawnAt(index: string): number {
  const [time = ""] = index.split("-");
  return /^\d{1,15}$/.test(time) ? Number(time) : 0;
}

/** Returns the picture id of the background, or "" for blank paper. */
export function readBackground(meta: Y.Map<unknown>): string {
  const picture = meta.get("background");
  return typeof picture === "string" && NAME.test(picture) ? picture : "";
}

/** Returns the `index` before which strokes are put away, with the picture on which they were drawn; "" while none are. */
export function readPutAway(meta: Y.Map<unknown>): string {
  return text(meta.get("putAway"));
}
