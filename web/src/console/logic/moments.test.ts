import { describe, expect, it } from "vitest";
import { moments } from "./moments";

describe("the stops of the scrubber", () => {
  it("are the times of lines and strokes, in order, each once", () => {
    expect(moments([{ at: 5000 }, { at: 1000 }], [3000, 5000])).toEqual([1000, 3000, 5000]);
  });

  it("take the strokes of one second as one, at its last", () => {
    expect(moments([], [2100, 2900, 2500, 4000])).toEqual([2900, 4000]);
  });

  it("leave out strokes that tell no time", () => {
    expect(moments([{ at: 1000 }], [0])).toEqual([1000]);
  });
});
