/** Computes where on the page a mark (pointer, frame or line) of a member of staff belongs. Pure. */

import type { Spot } from "./protocol";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Spots are in ten-thousandths of an element's box, so they fit on screens of any size. */
export const PARTS = 10_000;
const MOST = 1_000_000;

const part = (value: number): number => Math.max(-MOST, Math.min(MOST, Math.round(value)));

/** Converts a point (CSS px in the viewport) into a spot: the point's position in an element's box, in `PARTS` of the box's width
 *  and height. */
export function spotIn(box: Box, x: number, y: number): Spot {
  return {
    x: part(((x - box.left) / Math.max(1, box.width)) * PARTS),
    y: part(((y - box.top) / Math.max(1, box.height)) * PARTS),
  };
}

/** Returns where a spot of an element is in the viewport (CSS px). */
export function pointOf(box: Box, spot: Spot): { x: number; y: number } {
  return { x: box.left + (spot.x / PARTS) * box.width, y: box.top + (spot.y / PARTS) * box.height };
}

/** Returns the point of a page (CSS px) for a point of the page's scaled picture. */
export function onPage(x: number, y: number, scale: number): { x: number; y: number } {
  return { x: x / scale, y: y / scale };
}

/** Returns the factor by which a page must be scaled to fit into the space `room`: 0.05 to 1. */
export function fit(page: { width: number; height: number }, room: { width: number; height: number }): number {
  const scale = Math.min(room.width / Math.max(1, page.width), room.height / Math.max(1, page.height));
  return Math.max(0.05, Math.min(1, scale));
}

const isSpot = (value: unknown): value is Spot => {
  const { x, y } = (value ?? {}) as Partial<Spot>;
  return Number.isFinite(x) && Number.isFinite(y) && Math.abs(x!) <= MOST && Math.abs(y!) <= MOST;
};

/** Returns whether a value from another window is a list of at most 64 spots. */
export const areSpots = (value: unknown): value is Spot[] => Array.isArray(value) && value.length <= 64 && value.every(isSpot);
