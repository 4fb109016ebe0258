/** Computes how a picture is enlarged and moved within its frame. Pure. */

export interface View {
  /** How much the picture is enlarged. At 1 the whole picture fits its frame. */
  scale: number;
  /** `x`, `y`: position of the picture's top left corner, in px from the frame's top left corner. */
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

type Point = [number, number];

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
const SCALE_MOST = 6;

const within = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** Returns the view, moved if necessary, so that the enlarged picture covers the whole frame. */
function held({ scale, x, y }: View, { width, height }: Size): View {
  return { scale, x: within(x, width * (1 - scale), 0), y: within(y, height * (1 - scale), 0) };
}

/** Returns the view enlarged by `factor`. The given point of the frame keeps showing the same spot of the picture. */
export function zoomed(view: View, factor: number, [px, py]: Point, size: Size): View {
  const scale = within(view.scale * factor, 1, SCALE_MOST);
  const ratio = scale / view.scale;
  return held({ scale, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio }, size);
}

export const moved = (view: View, [dx, dy]: Point, size: Size): View => held({ ...view, x: view.x + dx, y: view.y + dy }, size);

/** Returns the view after two fingers have moved from the points `from` to the points `to`. */
export function pinched(view: View, from: [Point, Point], to: [Point, Point], size: Size): View {
  const middle = ([a, b]: [Point, Point]): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const spread = ([a, b]: [Point, Point]) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
  const [before, now] = [middle(from), middle(to)];
  return moved(zoomed(view, spread(to) / spread(from), before, size), [now[0] - before[0], now[1] - before[1]], size);
}
