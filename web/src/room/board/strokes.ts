/**
 * Packs the points of a stroke for the network. A chunk is a sequence of pairs: dx, dy from the point before, in 1/8 unit, each
 * as a signed variable-length integer. A dx or dy under 8 units takes one byte, and nearly all are so short. Boards drawn before
 * November 2026 have chunks of little-endian int16 pairs. Pure.
 */

export type Point = [x: number, y: number];

/** The name of this packing of chunks, stored with the stroke. A stroke without the name has chunks of int16 pairs (`INT16`). */
export const VARINT = "varint";
export const INT16 = "";
export type Packing = typeof VARINT | typeof INT16;

/** Steps per unit in packed points. Points are rounded to 1/8 unit, which is finer than a hand can draw. */
const STEP = 8;
const MOST = 32_767;
/** Readers accept at most this many points in a stroke. Writers begin a new stroke long before they reach this number. */
export const POINTS_MOST = 20_000;

export const quantize = (value: number): number => Math.round(value * STEP) / STEP;

const clamp = (step: number): number => Math.min(MOST, Math.max(-MOST, step));

/** Packs the points of a stroke after its first point. Rounding errors do not add up, because each step is measured from the
 *  point that readers of the chunk compute. */
export class ChunkEncoder {
  private readonly at: Point;
  private bytes: number[] = [];

  /** `x`, `y`: the first point of the stroke as the document has it, that is, rounded by `quantize`. */
  constructor(x: number, y: number) {
    this.at = [x, y];
  }

  /** Adds a point to the stroke. Skips a point that is the same as the last one after rounding. */
  add(x: number, y: number): void {
    const dx = clamp(Math.round((x - this.at[0]) * STEP));
    const dy = clamp(Math.round((y - this.at[1]) * STEP));
    if (dx === 0 && dy === 0) return;
    for (const step of [dx, dy]) {
      let left = step < 0 ? -step * 2 - 1 : step * 2;
      for (; left > 127; left >>>= 7) this.bytes.push((left & 127) | 128);
      this.bytes.push(left);
    }
    this.at[0] += dx / STEP;
    this.at[1] += dy / STEP;
  }

  /** Returns the points that were added since the last call, packed as a chunk; null if there are none. */
  take(): Uint8Array | null {
    if (this.bytes.length === 0) return null;
    const chunk = Uint8Array.from(this.bytes);
    this.bytes = [];
    return chunk;
  }
}

/** Unpacks the chunks of a stroke as they arrive. The stroke's first point is 0, 0. Ignores an incomplete pair at the end of a
 *  chunk. */
export class ChunkDecoder {
  readonly points: Point[] = [[0, 0]];
  readonly extent = { left: 0, top: 0, right: 0, bottom: 0 };

  constructor(private readonly packing: Packing = VARINT) {}

  push(chunk: Uint8Array): void {
    const steps = this.packing === VARINT ? varints(chunk) : int16s(chunk);
    let [x, y] = this.points.at(-1) ?? [0, 0];
    for (let i = 0; i + 2 <= steps.length && this.points.length < POINTS_MOST; i += 2) {
      x += (steps[i] ?? 0) / STEP;
      y += (steps[i + 1] ?? 0) / STEP;
      this.points.push([x, y]);
      this.extent.left = Math.min(this.extent.left, x);
      this.extent.right = Math.max(this.extent.right, x);
      this.extent.top = Math.min(this.extent.top, y);
      this.extent.bottom = Math.max(this.extent.bottom, y);
    }
  }
}

function int16s(chunk: Uint8Array): number[] {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Array.from({ length: Math.floor(chunk.length / 2) }, (_, i) => view.getInt16(i * 2, true));
}

/** Reads the variable-length integers of a chunk. Stops at an integer that is longer than any writer makes. */
function varints(chunk: Uint8Array): number[] {
  const found: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of chunk) {
    value |= (byte & 127) << shift;
    shift += 7;
    if (byte < 128) {
      found.push(clamp(value & 1 ? -((value + 1) >>> 1) : value >>> 1));
      value = shift = 0;
    } else if (shift > 14) break;
  }
  return found;
}
