/** Packs the points of a stroke for the network. A chunk is little-endian int16 pairs: dx, dy from the point before, in 1/8 px.
 *  The first point is the stroke's own x, y. Pure. Measured: 12–13 bytes a point in chunks of 33 ms, with Yjs' overhead. */

export type Point = [x: number, y: number];

/** Steps per px. One eighth of a px is finer than any hand, and int16 then reaches ±4,096 px, which is wider than the board. */
const STEP = 8;
const MOST = 32_767;
/** Most points that readers accept in a stroke. Writers begin a new stroke long before. */
export const POINTS_MOST = 20_000;

export const quantize = (value: number): number => Math.round(value * STEP) / STEP;

const clamp = (step: number): number => Math.min(MOST, Math.max(-MOST, step));

/** Packs the points after the origin. Rounding errors do not add up: each step is measured from the point that readers
 *  computed. */
export class ChunkEncoder {
  private readonly at: Point;
  private steps: number[] = [];

  /** `x`, `y`: the stroke's origin as stored, that is `quantize`d. */
  constructor(x: number, y: number) {
    this.at = [x, y];
  }

  /** Adds a point. Skips a point that moved by less than one step. */
  add(x: number, y: number): void {
    const dx = clamp(Math.round((x - this.at[0]) * STEP));
    const dy = clamp(Math.round((y - this.at[1]) * STEP));
    if (dx === 0 && dy === 0) return;
    this.steps.push(dx, dy);
    this.at[0] += dx / STEP;
    this.at[1] += dy / STEP;
  }

  /** Returns all points since the last chunk, or null when there are none. */
  take(): Uint8Array | null {
    if (this.steps.length === 0) return null;
    const chunk = new Uint8Array(this.steps.length * 2);
    const view = new DataView(chunk.buffer);
    this.steps.forEach((step, i) => view.setInt16(i * 2, step, true));
    this.steps = [];
    return chunk;
  }
}

/** Unpacks chunks as they arrive. Ignores an incomplete pair at a chunk's end. */
export class ChunkDecoder {
  readonly points: Point[];

  constructor(x: number, y: number) {
    this.points = [[x, y]];
  }

  push(chunk: Uint8Array): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let [x, y] = this.points.at(-1) ?? [0, 0];
    for (let i = 0; i + 4 <= chunk.length && this.points.length < POINTS_MOST; i += 4) {
      x += view.getInt16(i, true) / STEP;
      y += view.getInt16(i + 2, true) / STEP;
      this.points.push([x, y]);
    }
  }
}

/** Whether a circle around x, y touches the line through `points`. */
export function touches(points: Point[], x: number, y: number, radius: number): boolean {
  const limit = radius * radius;
  return points.some((point, i) => distanceSquared(points[Math.max(0, i - 1)] ?? point, point, x, y) <= limit);
}

function distanceSquared(a: Point, b: Point, x: number, y: number): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / length));
  return (a[0] + share * dx - x) ** 2 + (a[1] + share * dy - y) ** 2;
}
