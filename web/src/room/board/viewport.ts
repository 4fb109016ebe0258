/** Computes which part of a board's page is on the screen, and the transformation between page and screen. Pure. */

import type { Box } from "./shape";
import { BOARD_HEIGHT, BOARD_WIDTH } from "./schema";
import type { Point } from "./strokes";

export interface View {
  /** How much the page is enlarged; at 1 the whole page fits the space. */
  zoom: number;
  /** The point of the board's page that is in the middle of the space, in the page's units (`BOARD_WIDTH`). */
  x: number;
  y: number;
}

export interface Space {
  /** Size of the space that the board has on the screen, in CSS px. */
  width: number;
  height: number;
  /** Whether the page is shown turned by 90° clockwise, so that it fits a phone that is held upright. */
  turned: boolean;
}

export const WHOLE: View = { zoom: 1, x: BOARD_WIDTH / 2, y: BOARD_HEIGHT / 2 };
export const ZOOM_MOST = 8;
export const ZOOM_STEP = 1.25;

const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** Returns how many CSS px of the screen one unit of the page takes. */
export function scaleOf({ zoom }: View, { width, height, turned }: Space): number {
  const fit = turned
    ? Math.min(width / BOARD_HEIGHT, height / BOARD_WIDTH)
    : Math.min(width / BOARD_WIDTH, height / BOARD_HEIGHT);
  return Math.max(fit, 0.001) * zoom;
}

/** A transformation of a canvas or of CSS: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number];

/** Returns the transformation that maps points of the page to points of the screen. */
export function matrixOf(view: View, space: Space): Matrix {
  const scale = scaleOf(view, space);
  const [x, y] = [space.width / 2, space.height / 2];
  return space.turned
    ? [0, scale, -scale, 0, x + view.y * scale, y - view.x * scale]
    : [scale, 0, 0, scale, x - view.x * scale, y - view.y * scale];
}

export const apply = ([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point => [a * x + c * y + e, b * x + d * y + f];

export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const size = a * d - b * c || 1;
  return [d / size, -b / size, -c / size, a / size, (c * f - d * e) / size, (b * e - a * f) / size];
}

/** Returns the transformation that applies `first`, and then applies `then` to the result. */
export function after(then: Matrix, first: Matrix): Matrix {
  const [a, b, c, d] = then;
  const origin = apply(then, [first[4], first[5]]);
  return [
    a * first[0] + c * first[1],
    b * first[0] + d * first[1],
    a * first[2] + c * first[3],
    b * first[2] + d * first[3],
    ...origin,
  ];
}

export const toPage = (point: Point, view: View, space: Space): Point => apply(inverse(matrixOf(view, space)), point);

/** Returns the part of the board's page that is seen, in the page's units. This part can reach over the page's edges. */
export function seen(view: View, space: Space): Box {
  const scale = scaleOf(view, space);
  const [width, height] = space.turned ? [space.height, space.width] : [space.width, space.height];
  return {
    left: view.x - width / scale / 2,
    right: view.x + width / scale / 2,
    top: view.y - height / scale / 2,
    bottom: view.y + height / scale / 2,
  };
}

/** Returns the view within its limits: its zoom is in the allowed range, and the page fills the space or lies in the middle of
 *  it. */
export function held(view: View, space: Space): View {
  const zoom = within(view.zoom, 1, ZOOM_MOST);
  const box = seen({ ...view, zoom }, space);
  const keep = (value: number, half: number, size: number) => (half * 2 >= size ? size / 2 : within(value, half, size - half));
  return {
    zoom,
    x: keep(view.x, (box.right - box.left) / 2, BOARD_WIDTH),
    y: keep(view.y, (box.bottom - box.top) / 2, BOARD_HEIGHT),
  };
}

/** Returns the view enlarged by `factor`. The point `at` of the screen keeps showing the same spot of the page. */
export function zoomed(view: View, factor: number, at: Point, space: Space): View {
  const zoom = within(view.zoom * factor, 1, ZOOM_MOST);
  const spot = toPage(at, view, space);
  const share = view.zoom / zoom;
  return held({ zoom, x: spot[0] + (view.x - spot[0]) * share, y: spot[1] + (view.y - spot[1]) * share }, space);
}

/** Returns the view after the page was moved by `dx`, `dy` px on the screen. */
export function panned(view: View, [dx, dy]: Point, space: Space): View {
  const scale = scaleOf(view, space);
  const [x, y] = space.turned ? [dy, -dx] : [dx, dy];
  return held({ ...view, x: view.x - x / scale, y: view.y - y / scale }, space);
}

/** Returns the view after two fingers have moved from the points `from` to the points `to`. */
export function pinched(view: View, from: [Point, Point], to: [Point, Point], space: Space): View {
  const between = ([a, b]: [Point, Point]): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const spread = ([a, b]: [Point, Point]) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
  const [before, now] = [between(from), between(to)];
  return panned(zoomed(view, spread(to) / spread(from), before, space), [now[0] - before[0], now[1] - before[1]], space);
}

/** Returns the view that shows a box of the page as large as the space allows. */
export function showing(box: Box, space: Space): View {
  const whole = seen(WHOLE, space);
  const zoom = Math.min(
    (whole.right - whole.left) / Math.max(1, box.right - box.left),
    (whole.bottom - whole.top) / Math.max(1, box.bottom - box.top),
  );
  return held({ zoom, x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }, space);
}
