import { describe, expect, it } from "vitest";
import { touches } from "./geometry";
import { ChunkDecoder, ChunkEncoder, INT16, type Point } from "./strokes";

function decode(chunks: Uint8Array[]): Point[] {
  const decoder = new ChunkDecoder();
  for (const chunk of chunks) decoder.push(chunk);
  return decoder.points;
}

describe("chunks of points", () => {
  it("bring back every point within a sixteenth of a px, however long the stroke", () => {
    const encoder = new ChunkEncoder(10, 20);
    const points: Point[] = Array.from({ length: 500 }, (_, i) => [10 + i * 0.37, 20 + Math.sin(i / 9) * 80]);
    const chunks: Uint8Array[] = [];
    points.forEach(([x, y], i) => {
      encoder.add(x, y);
      if (i % 4 === 0) chunks.push(encoder.take() ?? new Uint8Array());
    });
    chunks.push(encoder.take() ?? new Uint8Array());
    const read = decode(chunks).map(([x, y]): Point => [10 + x, 20 + y]);
    const last = points.at(-1)!;
    expect(Math.hypot(read.at(-1)![0] - last[0], read.at(-1)![1] - last[1])).toBeLessThan(0.1);
  });

  it("are two bytes a point for a hand's steps, and nothing for a pen that rests", () => {
    const encoder = new ChunkEncoder(0, 0);
    encoder.add(0.01, 0);
    expect(encoder.take()).toBeNull();
    encoder.add(1, -1);
    expect(encoder.take()).toEqual(Uint8Array.of(16, 15));
    encoder.add(901, -4001);
    expect(encoder.take()).toHaveLength(5);
  });

  it("may end in the middle of a point without harm", () => {
    expect(decode([Uint8Array.of(16, 16, 99)])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(decode([Uint8Array.of(255, 255, 255, 255, 255, 1)])).toEqual([[0, 0]]);
  });

  it("are touched by an eraser that passes between two far points", () => {
    const line: Point[] = [
      [0, 0],
      [100, 0],
    ];
    expect(touches(line, 50, 4, 5)).toBe(true);
    expect(touches(line, 50, 6, 5)).toBe(false);
    expect(touches([[3, 3]], 3, 4, 1)).toBe(true);
  });

  it("of boards drawn before, int16 pairs, are still read", () => {
    const decoder = new ChunkDecoder(INT16);
    decoder.push(Uint8Array.of(8, 0, 248, 255, 7));
    expect(decoder.points).toEqual([
      [0, 0],
      [1, -1],
    ]);
    expect(decoder.extent).toEqual({ left: 0, top: -1, right: 1, bottom: 0 });
  });
});
