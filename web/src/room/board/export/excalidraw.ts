/** A board as an Excalidraw file (schema version 2). Pages become frames, side by side. Pure. */

import { boxOf } from "../geometry";
import { strokeSize } from "../paint";
import { BOARD_HEIGHT, BOARD_WIDTH } from "../schema";
import { isMarker, type Shape } from "../shape";
import { LINE_HEIGHT } from "../text-layout";

export interface ExportedPage {
  name: string;
  shapes: readonly Shape[];
  /** Id of the page's background picture; "" if it has none. */
  background: string;
}

export interface ExportedPicture {
  dataUrl: string;
  mime: string;
  width: number;
  height: number;
}

const GAP = 200;
const NORMAL_FONT = 2;
/** Excalidraw draws a freehand stroke wider than its `strokeWidth` says, by this factor. */
const STROKE_FACTOR = 4.25;
const NORMAL_PRESSURE = 0.5;

type Element = Record<string, unknown>;

/** Returns the text of an `.excalidraw` file. `nowMs` is the time that Excalidraw shows as the last change. */
export function boardAsExcalidraw(pages: ExportedPage[], pictures: ReadonlyMap<string, ExportedPicture>, nowMs: number): string {
  const elements = pages.flatMap((page, i) => pageElements(page, i, pictures, nowMs));
  const files: Record<string, Element> = {};
  for (const [id, { dataUrl, mime }] of pictures)
    files[id] = { id, mimeType: mime, dataURL: dataUrl, created: nowMs, lastRetrieved: nowMs };
  const appState = { viewBackgroundColor: "#ffffff", gridSize: 20, gridStep: 5, gridModeEnabled: false };
  return JSON.stringify(
    { type: "excalidraw", version: 2, source: "https://sangdam.example", elements, appState, files },
    null,
    1,
  );
}

function pageElements(
  page: ExportedPage,
  number: number,
  pictures: ReadonlyMap<string, ExportedPicture>,
  nowMs: number,
): Element[] {
  const left = number * (BOARD_WIDTH + GAP);
  const frame = `frame-${number + 1}`;
  const base = (id: string, box: { x: number; y: number; width: number; height: number }): Element => ({
    id,
    ...box,
    x: box.x + left,
    angle: 0,
    strokeColor: "#1e1e1e",
    backgroundColor: "transparent",
    fillStyle: "solid",
    strokeWidth: 2,
    strokeStyle: "solid",
    roughness: 0,
    opacity: 100,
    groupIds: [],
    frameId: frame,
    index: null,
    roundness: null,
    seed: seedOf(id),
    version: 1,
    versionNonce: seedOf(`${id}.`),
    isDeleted: false,
    boundElements: null,
    updated: nowMs,
    link: null,
    locked: false,
  });
  const made: Element[] = [];
  const behind = pictures.get(page.background);
  if (behind) made.push({ ...base(`${frame}-background`, contained(behind)), ...image(page.background), locked: true });
  for (const shape of page.shapes) {
    const box = boxOf(shape);
    const place = { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    const own = ownFields(shape);
    if (shape.kind === "image" && !pictures.has(shape.picture)) continue;
    made.push({
      ...base(shape.id, place),
      angle: (shape.angle + 2 * Math.PI) % (2 * Math.PI),
      strokeColor: shape.colour,
      strokeWidth: shape.stroke,
      opacity: shape.opacity,
      locked: shape.locked,
      ...own,
      ...("x" in own ? { x: (own.x as number) + left } : {}),
    });
  }
  const whole = { x: 0, y: 0, width: BOARD_WIDTH, height: BOARD_HEIGHT };
  made.push({ ...base(frame, whole), type: "frame", name: page.name, frameId: null });
  return made;
}

const image = (picture: string): Element => ({ type: "image", fileId: picture, status: "saved", scale: [1, 1], crop: null });

/** Returns the fields that only this shape's kind has in Excalidraw. Points are measured from the element's `x`, `y`. */
function ownFields(shape: Shape): Element {
  const linear = { lastCommittedPoint: null, startBinding: null, endBinding: null, startArrowhead: null };
  const line = {
    x: shape.x,
    y: shape.y,
    points: [
      [0, 0],
      [shape.width, shape.height],
    ],
    ...linear,
  };
  switch (shape.kind) {
    case "line":
      return { ...line, type: "line", endArrowhead: null, polygon: false };
    case "arrow":
      return { ...line, type: "arrow", endArrowhead: "arrow", elbowed: false };
    case "freedraw": {
      const marker = isMarker(shape);
      const points = shape.points.map(([x, y]) => [x * shape.scaleX, y * shape.scaleY]);
      return {
        type: "freedraw",
        x: shape.x,
        y: shape.y,
        strokeWidth: strokeSize(shape) / STROKE_FACTOR,
        points,
        pressures: marker ? points.map(() => NORMAL_PRESSURE) : [],
        simulatePressure: !marker,
        lastCommittedPoint: null,
      };
    }
    case "rectangle":
      return { type: "rectangle", roundness: { type: 3 } };
    case "ellipse":
      return { type: "ellipse", roundness: { type: 2 } };
    case "image":
      return image(shape.picture);
    case "text": {
      const font = { fontSize: shape.fontSize, fontFamily: NORMAL_FONT, lineHeight: LINE_HEIGHT };
      const align = { textAlign: "left", verticalAlign: "top", containerId: null, autoResize: false };
      return { type: "text", text: shape.text, originalText: shape.text, ...font, ...align };
    }
  }
}

/** Returns the box of a background picture: as large as fits on the page, in the middle. */
function contained({ width, height }: ExportedPicture): { x: number; y: number; width: number; height: number } {
  const scale = Math.min(BOARD_WIDTH / width, BOARD_HEIGHT / height);
  const [w, h] = [width * scale, height * scale];
  return { x: (BOARD_WIDTH - w) / 2, y: (BOARD_HEIGHT - h) / 2, width: w, height: h };
}

/** Returns Excalidraw's `seed` for an id: the same seed for the same id. Excalidraw derives the irregularities of its
 *  hand-drawn lines from the seed. */
function seedOf(id: string): number {
  let seed = 7;
  for (let i = 0; i < id.length; i++) seed = (Math.imul(seed, 31) + id.charCodeAt(i)) | 0;
  return Math.abs(seed);
}
