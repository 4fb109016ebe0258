/** Finds which shapes a press or a drawn frame selects, and what changes when a selection is dragged. Pure. */

import {
  angleBetween,
  boxAround,
  boxOf,
  contains,
  corners,
  ends,
  grown,
  type Handle,
  handlesOf,
  hits,
  lineTo,
  middle,
  movedBy,
  paintedBox,
  placed,
  resized,
  resizedBox,
  turnedBy,
  union,
} from "./geometry";
import type { Box, Changes, Shape } from "./shape";
import type { Point } from "./strokes";

export type Grip = Handle | "turn" | "start" | "end";

const isLine = (shape: Shape): boolean => shape.kind === "line" || shape.kind === "arrow";

/** Returns the frame around selected shapes. For a single shape, the frame is the shape's box and is turned like the shape. For
 *  several shapes, the frame is one upright box. */
export function frameOf(shapes: readonly Shape[]): { box: Box; angle: number } | null {
  const [first] = shapes;
  if (!first) return null;
  if (shapes.length === 1) return { box: boxOf(first), angle: first.angle };
  const boxes = shapes.map((shape) => union(corners(boxOf(shape), shape.angle).map((corner) => boxAround(corner, corner)))!);
  return { box: union(boxes)!, angle: 0 };
}

/** Returns the handles of a selection and where they are. `gap`: how far above the frame the handle for turning is, in units. */
export function gripsOf(shapes: readonly Shape[], gap: number): { grip: Grip; at: Point }[] {
  const [first] = shapes;
  const frame = frameOf(shapes);
  if (!first || !frame) return [];
  if (shapes.length === 1 && isLine(first)) {
    const [start, end] = ends(first);
    return [
      { grip: "start", at: start },
      { grip: "end", at: end },
    ];
  }
  const text = shapes.length === 1 && first.kind === "text";
  return handlesOf(frame.box, frame.angle, gap)
    .filter(({ handle }) =>
      shapes.length === 1 ? !text || (handle !== "n" && handle !== "s") : handle === "turn" || handle.length === 2,
    )
    .map(({ handle, at }) => ({ grip: handle, at }));
}

export function gripAt(shapes: readonly Shape[], at: Point, gap: number, radius: number): Grip | null {
  const near = gripsOf(shapes, gap)
    .map(({ grip, at: place }) => ({ grip, far: Math.hypot(place[0] - at[0], place[1] - at[1]) }))
    .filter(({ far }) => far <= radius)
    .sort((a, b) => a.far - b.far);
  return near[0]?.grip ?? null;
}

/** Returns the topmost shape that is at a point and not locked; undefined if there is none. */
export function shapeAt(shapes: readonly Shape[], at: Point, radius: number): Shape | undefined {
  return shapes.findLast((shape) => !shape.locked && hits(shape, at, radius));
}

/**
 * Whether a point is within the frame of the selection, where dragging moves the selection. A shape that is turned has no such
 * frame: the point must then be on the shape.
 */
export function isWithin(shapes: readonly Shape[], at: Point, margin: number): boolean {
  const frame = frameOf(shapes);
  if (!frame || frame.angle !== 0) return shapes.some((shape) => hits(shape, at, margin));
  return contains(grown(frame.box, margin), boxAround(at, at));
}

export const within = (shapes: readonly Shape[], box: Box): Shape[] =>
  shapes.filter((shape) => !shape.locked && contains(box, paintedBox(shape)));

export const drags = (shapes: readonly Shape[], from: Point, to: Point): Map<string, Changes> =>
  new Map(shapes.map((shape) => [shape.id, movedBy(shape, to[0] - from[0], to[1] - from[1])]));

interface Pull {
  from: Point;
  to: Point;
  /** Whether Shift is held: a resized frame keeps its ratio of width to height, and shapes are rotated in steps of 15°. */
  shift: boolean;
}

/** Returns the changes of the selected shapes when a handle of the selection (`grip`) is dragged. `shapes`: the shapes as they
 *  were when the drag began. */
export function pulls(shapes: readonly Shape[], grip: Grip, { from, to, shift }: Pull): Map<string, Changes> {
  const [first] = shapes;
  const frame = frameOf(shapes);
  if (!first || !frame) return new Map();
  if (grip === "turn") {
    const around = middle(frame.box);
    const by = angleBetween(around, from, to, shift);
    return new Map(shapes.map((shape) => [shape.id, turnedBy(shape, around, by)]));
  }
  if (grip === "start" || grip === "end") return new Map([[first.id, pulledEnd(first, grip, to, shift)]]);
  if (shapes.length === 1) {
    const keep = first.kind === "text" || first.kind === "image" ? grip.length === 2 : shift;
    const changes = resized(first, grip, to, keep);
    if (first.kind === "text" && grip.length === 1) delete changes.fontSize;
    return new Map([[first.id, changes]]);
  }
  const made = resizedBox(frame.box, grip, to, true);
  return new Map(shapes.map((shape) => [shape.id, placed(shape, frame.box, made)]));
}

function pulledEnd(shape: Shape, grip: "start" | "end", to: Point, step: boolean): Changes {
  const [start, end] = ends(shape);
  const still = grip === "start" ? end : start;
  const now = lineTo(still, to, step);
  const [from, till] = grip === "start" ? [now, still] : [still, now];
  return { x: from[0], y: from[1], width: till[0] - from[0], height: till[1] - from[1], angle: 0 };
}
