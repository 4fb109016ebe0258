/** Geometry of shapes: their boxes, which shape a point hits, and how to move, resize and turn a shape. Pure. Angles are
 *  clockwise, in radians. */

import type { Box, Changes, Shape } from "./shape";
import type { Point } from "./strokes";

export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];
const TURN_STEP = Math.PI / 12;
const LEAST_SIZE = 4;
const ARROW_HEAD_MOST = 40;

export const boxAround = (a: Point, b: Point): Box => ({
  left: Math.min(a[0], b[0]),
  top: Math.min(a[1], b[1]),
  right: Math.max(a[0], b[0]),
  bottom: Math.max(a[1], b[1]),
});

export const middle = (box: Box): Point => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
export const grown = (box: Box, by: number): Box => ({
  left: box.left - by,
  top: box.top - by,
  right: box.right + by,
  bottom: box.bottom + by,
});
export const overlap = (a: Box, b: Box): boolean =>
  a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
export const contains = (outer: Box, inner: Box): boolean =>
  outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom;
const inside = (box: Box, [x, y]: Point): boolean => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;

export function union(boxes: Box[]): Box | null {
  const [first] = boxes;
  if (!first) return null;
  return boxes.reduce(
    (all, one) => ({
      left: Math.min(all.left, one.left),
      top: Math.min(all.top, one.top),
      right: Math.max(all.right, one.right),
      bottom: Math.max(all.bottom, one.bottom),
    }),
    first,
  );
}

export function turned(point: Point, around: Point, angle: number): Point {
  if (angle === 0) return point;
  const [dx, dy] = [point[0] - around[0], point[1] - around[1]];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [around[0] + dx * cos - dy * sin, around[1] + dx * sin + dy * cos];
}

/** Returns the box of a shape as if the shape were not turned, without the width of its line. */
export function boxOf(shape: Shape): Box {
  const { x, y } = shape;
  if (shape.kind !== "freedraw") return boxAround([x, y], [x + shape.width, y + shape.height]);
  const { left, top, right, bottom } = shape.extent;
  return boxAround([x + left * shape.scaleX, y + top * shape.scaleY], [x + right * shape.scaleX, y + bottom * shape.scaleY]);
}

/** Returns the box around everything that a shape paints. */
export function paintedBox(shape: Shape): Box {
  const box = boxOf(shape);
  const by = shape.kind === "text" || shape.kind === "image" ? 0 : shape.stroke + (shape.kind === "arrow" ? ARROW_HEAD_MOST : 0);
  return grown(turnedBox(box, shape.angle), by);
}

function turnedBox(box: Box, angle: number): Box {
  if (angle === 0) return box;
  return union(corners(box, angle).map((corner) => boxAround(corner, corner))) ?? box;
}

export function corners(box: Box, angle: number): Point[] {
  const around = middle(box);
  const found: Point[] = [
    [box.left, box.top],
    [box.right, box.top],
    [box.right, box.bottom],
    [box.left, box.bottom],
  ];
  return found.map((corner) => turned(corner, around, angle));
}

/** Returns the two ends of a line or arrow on the page. The shape's rotation is applied. */
export function ends(shape: Shape): [Point, Point] {
  const around = middle(boxOf(shape));
  const end: Point = [shape.x + shape.width, shape.y + shape.height];
  return [turned([shape.x, shape.y], around, shape.angle), turned(end, around, shape.angle)];
}

/** Whether a circle of `radius` around a point touches what the shape paints. */
export function hits(shape: Shape, point: Point, radius: number): boolean {
  if (!inside(grown(paintedBox(shape), radius), point)) return false;
  const box = boxOf(shape);
  const at = turned(point, middle(box), -shape.angle);
  const reach = radius + shape.stroke / 2;
  switch (shape.kind) {
    case "freedraw":
      return touches(
        shape.points,
        (at[0] - shape.x) / shape.scaleX,
        (at[1] - shape.y) / shape.scaleY,
        reach / Math.min(Math.abs(shape.scaleX), Math.abs(shape.scaleY)),
      );
    case "line":
    case "arrow": {
      const end: Point = [shape.width, shape.height];
      const [left, right] = arrowHead([0, 0], end, shape.stroke);
      const painted: Point[] = shape.kind === "line" ? [[0, 0], end] : [[0, 0], end, left, end, right];
      return touches(painted, at[0] - shape.x, at[1] - shape.y, reach);
    }
    case "rectangle":
      return inside(grown(box, reach), at) && !inside(grown(box, -reach), at);
    case "ellipse":
      return nearEllipse(box, at, reach);
    case "text":
    case "image":
      return inside(grown(box, radius), at);
  }
}

function nearEllipse(box: Box, at: Point, reach: number): boolean {
  const [cx, cy] = middle(box);
  const [rx, ry] = [(box.right - box.left) / 2, (box.bottom - box.top) / 2];
  const share = (x: number, y: number) => ((at[0] - cx) / Math.max(x, 0.01)) ** 2 + ((at[1] - cy) / Math.max(y, 0.01)) ** 2;
  return share(rx + reach, ry + reach) <= 1 && (rx <= reach || ry <= reach || share(rx - reach, ry - reach) >= 1);
}

/** Whether a circle around x, y touches the line through `points`. */
export function touches(points: readonly Point[], x: number, y: number, radius: number): boolean {
  const limit = radius * radius;
  return points.some((point, i) => distanceSquared(points[Math.max(0, i - 1)] ?? point, point, x, y) <= limit);
}

function distanceSquared(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
  return (a[0] + share * dx - x) ** 2 + (a[1] + share * dy - y) ** 2;
}

/** Returns the places of the handles around a box. The first eight handles resize; `turn` lies above the box, `gap` away. */
export function handlesOf(box: Box, angle: number, gap: number): { handle: Handle | "turn"; at: Point }[] {
  const around = middle(box);
  const [x, y] = around;
  const places: Record<Handle | "turn", Point> = {
    nw: [box.left, box.top],
    n: [x, box.top],
    ne: [box.right, box.top],
    e: [box.right, y],
    se: [box.right, box.bottom],
    s: [x, box.bottom],
    sw: [box.left, box.bottom],
    w: [box.left, y],
    turn: [x, box.top - gap],
  };
  return (Object.keys(places) as (Handle | "turn")[]).map((handle) => ({ handle, at: turned(places[handle], around, angle) }));
}

export const movedBy = (shape: Shape, dx: number, dy: number): Changes => ({ x: shape.x + dx, y: shape.y + dy });

/** Returns the box after its handle was dragged to `to`. `keep`: whether to keep the ratio of width and height when the handle is
 *  a corner. */
export function resizedBox(box: Box, handle: Handle, to: Point, keep: boolean): Box {
  const made = { ...box };
  if (handle.includes("w")) made.left = Math.min(to[0], box.right - LEAST_SIZE);
  if (handle.includes("e")) made.right = Math.max(to[0], box.left + LEAST_SIZE);
  if (handle.includes("n")) made.top = Math.min(to[1], box.bottom - LEAST_SIZE);
  if (handle.includes("s")) made.bottom = Math.max(to[1], box.top + LEAST_SIZE);
  if (!keep || handle.length === 1) return made;
  const [width, height] = [Math.max(box.right - box.left, 0.01), Math.max(box.bottom - box.top, 0.01)];
  const scale = Math.max((made.right - made.left) / width, (made.bottom - made.top) / height);
  if (handle.includes("w")) made.left = box.right - width * scale;
  else made.right = box.left + width * scale;
  if (handle.includes("n")) made.top = box.bottom - height * scale;
  else made.bottom = box.top + height * scale;
  return made;
}

/** Returns the fields of a shape that change when a box around it changes from `from` to `to`. If a side of `from` is almost
 *  0, the shape keeps its size in that direction. */
export function placed(shape: Shape, from: Box, to: Box): Changes {
  const scaleX = ratio(to.right - to.left, from.right - from.left);
  const scaleY = ratio(to.bottom - to.top, from.bottom - from.top);
  const changes: Changes = { x: to.left + (shape.x - from.left) * scaleX, y: to.top + (shape.y - from.top) * scaleY };
  if (shape.kind === "freedraw") return { ...changes, scaleX: shape.scaleX * scaleX, scaleY: shape.scaleY * scaleY };
  changes.width = shape.width * scaleX;
  changes.height = shape.height * scaleY;
  if (shape.kind === "text" && scaleY !== 1) changes.fontSize = Math.max(8, shape.fontSize * scaleY);
  return changes;
}

const ratio = (to: number, from: number): number => (from < 0.01 ? 1 : to / from);

/** Returns the fields that change when a shape is resized by a handle, even if the shape is turned. The opposite corner or side
 *  stays in place on the page. */
export function resized(shape: Shape, handle: Handle, to: Point, keep: boolean): Changes {
  const box = boxOf(shape);
  const made = resizedBox(box, handle, turned(to, middle(box), -shape.angle), keep);
  const changes = placed(shape, box, made);
  if (shape.angle === 0) return changes;
  const still: Point = [handle.includes("w") ? box.right : box.left, handle.includes("n") ? box.bottom : box.top];
  const before = turned(still, middle(box), shape.angle);
  const stillNow: Point = [handle.includes("w") ? made.right : made.left, handle.includes("n") ? made.bottom : made.top];
  const after = turned(stillNow, middle(made), shape.angle);
  return { ...changes, x: (changes.x ?? 0) + before[0] - after[0], y: (changes.y ?? 0) + before[1] - after[1] };
}

/** Returns the fields of a shape that change when it is turned by an angle around a point. */
export function turnedBy(shape: Shape, around: Point, by: number): Changes {
  const own = middle(boxOf(shape));
  const now = turned(own, around, by);
  return { x: shape.x + now[0] - own[0], y: shape.y + now[1] - own[1], angle: normal(shape.angle + by) };
}

/** Returns the angle by which a point has turned around `around`, from `from` to `to`. `step`: whether to round to steps of 15°. */
export function angleBetween(around: Point, from: Point, to: Point, step: boolean): number {
  const angle = Math.atan2(to[1] - around[1], to[0] - around[0]) - Math.atan2(from[1] - around[1], from[0] - around[0]);
  return normal(step ? Math.round(angle / TURN_STEP) * TURN_STEP : angle);
}

function normal(angle: number): number {
  const rest = angle % (2 * Math.PI);
  return rest > Math.PI ? rest - 2 * Math.PI : rest < -Math.PI ? rest + 2 * Math.PI : rest;
}

/** Returns the new place of an end of a line, if somebody drags this end to `to`. `step`: whether to round the line's direction
 *  to steps of 15°. */
export function lineTo(start: Point, to: Point, step: boolean): Point {
  if (!step) return to;
  const length = Math.hypot(to[0] - start[0], to[1] - start[1]);
  const angle = Math.round(Math.atan2(to[1] - start[1], to[0] - start[0]) / TURN_STEP) * TURN_STEP;
  return [start[0] + length * Math.cos(angle), start[1] + length * Math.sin(angle)];
}

/** Returns the outer ends of the two short lines of an arrow's head, whose tip is at `end`. */
export function arrowHead(start: Point, end: Point, stroke: number): [Point, Point] {
  const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
  const size = Math.min(ARROW_HEAD_MOST, 10 + stroke * 2.2, length * 0.6);
  const back = Math.atan2(start[1] - end[1], start[0] - end[0]);
  const side = (by: number): Point => [end[0] + size * Math.cos(back + by), end[1] + size * Math.sin(back + by)];
  return [side(0.45), side(-0.45)];
}

/** Between two places of the pointer, the eraser looks for shapes at no more than this many spots. */
const SPOTS_MOST = 64;

/**
 * Returns the spots on the way from one point to another, at most `step` apart, so that a quick eraser misses no thin shape. If
 * that would take more than `SPOTS_MOST` spots, returns `SPOTS_MOST` spots that are further apart. The last spot is the point
 * `to`.
 */
export function between(from: Point, to: Point, step: number): Point[] {
  const count = Math.min(SPOTS_MOST, Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / step)));
  const part = (n: number, i: 0 | 1) => from[i] + ((to[i] - from[i]) * (n + 1)) / count;
  return Array.from({ length: count }, (_, n): Point => [part(n, 0), part(n, 1)]);
}
