/** Paints shapes on a canvas. The page's units are the canvas's units; the caller has set the transformation. */

import { getStroke } from "perfect-freehand";
import { arrowHead, boxOf, middle } from "./geometry";
import { isMarker, type Shape } from "./shape";
import type { Point } from "./strokes";
import { LINE_HEIGHT, wrap } from "./text-layout";

export const FONT = `system-ui, "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", "Noto Sans CJK JP", sans-serif`;
const CORNER = 8;

export const fontOf = (fontSize: number): string => `${fontSize}px ${FONT}`;

export type PictureOf = (id: string) => CanvasImageSource | null;

/** Returns the width of a freehand stroke where the pressure is normal. */
export const strokeSize = (shape: Pick<Shape, "stroke" | "kind" | "opacity">): number =>
  isMarker(shape) ? shape.stroke : shape.stroke * 1.4;

/** Returns the outline of a stroke as a polygon to fill, because a pen's stroke is not equally thick everywhere. */
export function outline(shape: Pick<Shape, "points" | "stroke" | "kind" | "opacity">): Point[] {
  const marker = isMarker(shape);
  return getStroke(shape.points, {
    size: strokeSize(shape),
    thinning: marker ? 0 : 0.35,
    smoothing: 0.5,
    streamline: 0.35,
    simulatePressure: !marker,
  });
}

/** Returns the path of a shape's lines on the page, in SVG's syntax, as if the shape were not turned. */
export function pathData(shape: Shape): string {
  const { x, y } = shape;
  const to: Point = [x + shape.width, y + shape.height];
  switch (shape.kind) {
    case "freedraw":
      return smooth(outline(shape));
    case "line":
      return `M${x} ${y}L${to[0]} ${to[1]}`;
    case "arrow": {
      const [left, right] = arrowHead([x, y], to, shape.stroke);
      return `M${x} ${y}L${to[0]} ${to[1]}M${left[0]} ${left[1]}L${to[0]} ${to[1]}L${right[0]} ${right[1]}`;
    }
    case "rectangle": {
      const r = Math.min(CORNER, shape.width / 2, shape.height / 2);
      const [w, h] = [shape.width - 2 * r, shape.height - 2 * r];
      const corner = (dx: number, dy: number) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
      return `M${x + r} ${y}h${w}${corner(r, r)}v${h}${corner(-r, r)}h${-w}${corner(-r, -r)}v${-h}${corner(r, -r)}z`;
    }
    case "ellipse": {
      const [rx, ry] = [shape.width / 2, shape.height / 2];
      return `M${x} ${y + ry}a${rx} ${ry} 0 1 1 ${2 * rx} 0a${rx} ${ry} 0 1 1 ${-2 * rx} 0z`;
    }
    default:
      return "";
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

function smooth(edge: Point[]): string {
  const [first] = edge;
  if (!first) return "";
  let path = `M${round(first[0])} ${round(first[1])}`;
  edge.forEach((point, i) => {
    const next = edge[(i + 1) % edge.length] ?? point;
    path += `Q${round(point[0])} ${round(point[1])} ${round((point[0] + next[0]) / 2)} ${round((point[1] + next[1]) / 2)}`;
  });
  return `${path}z`;
}

/** The path of each shape. A shape object never changes, because a change makes a new object. So a computed path stays
 *  correct. */
const paths = new WeakMap<Shape, Path2D>();
const lines = new WeakMap<Shape, string[]>();

function pathOf(shape: Shape): Path2D {
  const known = paths.get(shape);
  if (known) return known;
  const made = new Path2D(pathData(shape));
  paths.set(shape, made);
  return made;
}

let measuring: CanvasRenderingContext2D | null = null;

/** Returns a function that measures how wide a text is in the board's font, in units of the page. */
export function measure(fontSize: number): (text: string) => number {
  measuring ??= document.createElement("canvas").getContext("2d");
  const context = measuring;
  if (!context) return (text) => text.length * fontSize * 0.6;
  context.font = fontOf(100); // measures at a fixed size, so that the same text wraps alike at every zoom
  return (text) => (context.measureText(text).width * fontSize) / 100;
}

export function linesOf(shape: Shape): string[] {
  const known = lines.get(shape);
  if (known) return known;
  const made = wrap(shape.text, Math.max(shape.width, shape.fontSize), measure(shape.fontSize));
  lines.set(shape, made);
  return made;
}

export function paintShape(context: CanvasRenderingContext2D, shape: Shape, pictureOf: PictureOf): void {
  context.save();
  if (shape.angle !== 0) {
    const [x, y] = middle(boxOf(shape));
    context.translate(x, y);
    context.rotate(shape.angle);
    context.translate(-x, -y);
  }
  context.globalAlpha = shape.opacity / 100;
  context.fillStyle = context.strokeStyle = shape.colour;
  context.lineWidth = shape.stroke;
  context.lineCap = context.lineJoin = "round";
  if (shape.kind === "freedraw") {
    context.translate(shape.x, shape.y);
    context.scale(shape.scaleX, shape.scaleY);
    context.fill(pathOf(shape));
  } else if (shape.kind === "text") paintText(context, shape);
  else if (shape.kind === "image") paintPicture(context, shape, pictureOf(shape.picture));
  else context.stroke(pathOf(shape));
  context.restore();
}

function paintText(context: CanvasRenderingContext2D, shape: Shape): void {
  context.font = fontOf(shape.fontSize);
  context.textBaseline = "middle";
  const step = shape.fontSize * LINE_HEIGHT;
  linesOf(shape).forEach((line, i) => context.fillText(line, shape.x, shape.y + step * (i + 0.5)));
}

function paintPicture(context: CanvasRenderingContext2D, shape: Shape, picture: CanvasImageSource | null): void {
  if (picture) {
    context.drawImage(picture, shape.x, shape.y, shape.width, shape.height);
    return;
  }
  context.globalAlpha = 0.15;
  context.fillRect(shape.x, shape.y, shape.width, shape.height);
}
