/** Paints what lies over the drawing and is not stored: selection, other people's cursors with names, laser trails.
 *  Coordinates are px of the screen. */

import type { BoardCanvas } from "./canvas";
import { corners } from "./geometry";
import { FONT } from "./paint";
import { type Signs, TRAIL_MS } from "./presence";
import { frameOf, gripsOf } from "./selection";
import type { Box, Shape } from "./shape";
import type { Point } from "./strokes";
import { TURN_GAP_PX } from "./hand";
import { apply, scaleOf } from "./viewport";

const ACCENT = "#1d5bc9";
const GRIP_PX = 5;
const LASER_PX = 5;

interface Shown {
  selected: readonly Shape[];
  marquee: Box | null;
  signs: Signs;
  nameOf: (id: string) => string;
  colourOf: (id: string) => string;
}

export function paintOverlay(target: HTMLCanvasElement, canvas: BoardCanvas, shown: Shown, now: number): void {
  const place = (at: Point) => apply(canvas.matrix, at);
  const context = paintPointers(target, { ...shown, page: canvas.page, place, now });
  if (context) paintSelection(context, canvas, shown, place);
}

interface Pointers extends Pick<Shown, "signs" | "nameOf" | "colourOf"> {
  page: string;
  /** Converts a point of the page to a point of the canvas, in CSS px. */
  place: (at: Point) => Point;
  now: number;
}

/** Clears a canvas and paints everybody's cursors and trails on a page. Returns the canvas's context, which is scaled to CSS
 *  px. */
export function paintPointers(
  target: HTMLCanvasElement,
  { page: shownPage, signs, nameOf, colourOf, place, now }: Pointers,
): CanvasRenderingContext2D | null {
  const density = Math.min(3, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(target.clientWidth * density), Math.round(target.clientHeight * density)];
  if (target.width !== w || target.height !== h) [target.width, target.height] = [w, h];
  const context = target.getContext("2d");
  if (!context) return null;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, w, h);
  context.setTransform(density, 0, 0, density, 0, 0);
  for (const [id, { trail, cursor }] of signs.people) {
    const colour = colourOf(id);
    const here = trail.filter(({ page }) => page === shownPage);
    paintTrail(
      context,
      here.map(({ at, seen }) => ({ at: place(at), left: 1 - (now - seen) / TRAIL_MS })),
      colour,
    );
    const tip = here.at(-1)?.at ?? (cursor?.page === shownPage ? cursor.at : null);
    if (tip && nameOf(id) !== "") paintCursor(context, place(tip), nameOf(id), colour, here.length === 0);
  }
  return context;
}

function paintSelection(
  context: CanvasRenderingContext2D,
  canvas: BoardCanvas,
  { selected, marquee }: Shown,
  place: (at: Point) => Point,
): void {
  context.strokeStyle = ACCENT;
  context.lineWidth = 1.5;
  const frame = frameOf(selected);
  const outlines = [...selected.map((shape) => frameOf([shape])!), ...(frame && selected.length > 1 ? [frame] : [])];
  for (const { box, angle } of outlines) polygon(context, corners(box, angle).map(place));
  if (marquee) {
    context.fillStyle = `${ACCENT}1a`;
    polygon(context, corners(marquee, 0).map(place));
    context.fill();
  }
  const grips = selected.some((shape) => shape.locked) ? [] : gripsOf(selected, TURN_GAP_PX / scaleOf(canvas.view, canvas.space));
  for (const { grip, at } of grips) {
    const [x, y] = place(at);
    context.beginPath();
    if (grip === "turn" || grip === "start" || grip === "end") context.arc(x, y, GRIP_PX + 1, 0, 7);
    else context.rect(x - GRIP_PX, y - GRIP_PX, 2 * GRIP_PX, 2 * GRIP_PX);
    context.fillStyle = "#fff";
    context.fill();
    context.stroke();
  }
}

function polygon(context: CanvasRenderingContext2D, points: Point[]): void {
  context.beginPath();
  for (const point of points) context.lineTo(...point);
  context.closePath();
  context.stroke();
}

/** Paints a laser trail, which fades. `left`: the share of a spot's visible time that is left, from 1 (new) to 0. */
function paintTrail(context: CanvasRenderingContext2D, spots: { at: Point; left: number }[], colour: string): void {
  context.strokeStyle = context.fillStyle = colour;
  context.lineCap = "round";
  spots.forEach(({ at, left }, i) => {
    const before = spots[i - 1]?.at ?? at;
    context.globalAlpha = Math.max(0, left) * 0.85;
    context.lineWidth = LASER_PX * (0.4 + 0.6 * Math.max(0, left));
    context.beginPath();
    context.moveTo(...before);
    context.lineTo(...at);
    context.stroke();
  });
  context.globalAlpha = 1;
  const tip = spots.at(-1);
  if (!tip) return;
  context.beginPath();
  context.arc(...tip.at, LASER_PX, 0, 7);
  context.fill();
}

function paintCursor(context: CanvasRenderingContext2D, [x, y]: Point, name: string, colour: string, arrow: boolean): void {
  context.fillStyle = colour;
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  if (arrow) {
    context.beginPath();
    for (const [dx, dy] of [
      [0, 0],
      [5, 15],
      [8, 9],
      [14, 7],
    ] as const)
      context.lineTo(x + dx, y + dy);
    context.closePath();
    context.fill();
    context.stroke();
  }
  context.font = `600 12px ${FONT}`;
  const width = context.measureText(name).width + 12;
  context.beginPath();
  context.roundRect(x + 10, y + 14, width, 20, 6);
  context.fill();
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(name, x + 16, y + 24.5);
}
