import { describe, expect, it } from "vitest";
import {
  arrowHead,
  between,
  boxOf,
  corners,
  ends,
  hits,
  lineTo,
  middle,
  paintedBox,
  resized,
  turned,
  turnedBy,
} from "./geometry";
import { frameOf, gripAt, gripsOf, isWithin, pulls, shapeAt, within } from "./selection";
import type { Shape } from "./shape";
import type { Point } from "./strokes";
import { shape } from "./testing";

const near = ([x, y]: Point, [a, b]: Point) => expect(Math.hypot(x - a, y - b)).toBeLessThan(0.001);
const with_ = (one: Shape, changes: Partial<Shape> | undefined): Shape => ({ ...one, ...changes });

describe("hits", () => {
  it.each<[string, Partial<Shape>, Point, boolean]>([
    ["the edge of a rectangle", {}, [100, 150], true],
    ["nothing inside a rectangle", {}, [200, 150], false],
    ["the edge of an ellipse", { kind: "ellipse" }, [200, 100], true],
    ["not the corner of an ellipse", { kind: "ellipse" }, [103, 103], false],
    ["not the middle of an ellipse", { kind: "ellipse" }, [200, 150], false],
    ["an arrow that leads up", { kind: "arrow", height: -100 }, [200, 50], true],
    ["the head of an arrow", { kind: "arrow", height: 0, stroke: 10 }, [275, 112], true],
    ["no head at the end of a line", { kind: "line", height: 0, stroke: 10 }, [275, 112], false],
    ["a text anywhere", { kind: "text" }, [200, 150], true],
    ["a turned rectangle where it is seen", { angle: Math.PI / 2 }, [200, 50], true],
    ["not a turned rectangle where it was", { angle: Math.PI / 2 }, [100, 150], false],
    [
      "a stretched stroke",
      {
        kind: "freedraw",
        points: [
          [0, 0],
          [50, 0],
        ],
        extent: { left: 0, top: 0, right: 50, bottom: 0 },
        scaleX: 3,
      },
      [230, 100],
      true,
    ],
  ])("find %s", (_, more, at, expected) => {
    expect(hits(shape(more), at, 4)).toBe(expected);
  });
});

describe("resizing", () => {
  it("keeps the opposite corner of a turned shape where it is seen", () => {
    const one = shape({ angle: 0.7 });
    const still = corners(boxOf(one), one.angle)[0]!;
    const made = with_(one, resized(one, "se", turned([360, 260], middle(boxOf(one)), 0.7), false));
    near(corners(boxOf(made), made.angle)[0]!, still);
    expect(made.width).toBeCloseTo(260);
  });

  it("stretches the points of a stroke, and the letters of a text", () => {
    const stroke = shape({ kind: "freedraw", extent: { left: 0, top: -50, right: 100, bottom: 50 } });
    expect(boxOf(with_(stroke, resized(stroke, "e", [300, 0], false)))).toEqual({ left: 100, right: 300, top: 50, bottom: 150 });
    const text = shape({ kind: "text" });
    expect(pulls([text], "se", { from: [300, 200], to: [500, 300], shift: false }).get("s1")).toMatchObject({
      fontSize: 64,
      width: 400,
    });
    expect(pulls([text], "e", { from: [300, 150], to: [500, 150], shift: false }).get("s1")).not.toHaveProperty("fontSize");
  });

  it("never turns a shape inside out", () => {
    expect(with_(shape(), resized(shape(), "e", [-500, 0], false)).width).toBeGreaterThan(0);
  });

  it("of several keeps them where they are to each other", () => {
    const [one, two] = [shape(), shape({ id: "s2", x: 400 })];
    const changes = pulls([one, two], "se", { from: [600, 200], to: [1100, 300], shift: false });
    expect(boxOf(with_(one, changes.get("s1")))).toEqual({ left: 100, top: 100, right: 500, bottom: 300 });
    expect(boxOf(with_(two, changes.get("s2")))).toEqual({ left: 700, top: 100, right: 1100, bottom: 300 });
  });
});

describe("turning", () => {
  it("turns around the middle, in steps of 15° with Shift", () => {
    const changes = pulls([shape()], "turn", { from: [200, 50], to: [310, 148], shift: true }).get("s1")!;
    expect(changes.angle).toBeCloseTo(Math.PI / 2);
    near(middle(boxOf(with_(shape(), changes))), [200, 150]);
  });

  it("of several carries each around the middle of all", () => {
    const made = with_(shape(), turnedBy(shape(), [0, 0], Math.PI));
    near(middle(boxOf(made)), [-200, -150]);
  });
});

describe("lines", () => {
  const arrow = shape({ kind: "arrow" });
  it("are gripped at their ends, and one end stays", () => {
    expect(gripsOf([arrow], 10).map(({ grip }) => grip)).toEqual(["start", "end"]);
    const made = with_(arrow, pulls([arrow], "start", { from: [100, 100], to: [0, 0], shift: false }).get("s1"));
    expect(ends(made)).toEqual([
      [0, 0],
      [300, 200],
    ]);
  });

  it("go straight with Shift, and their heads point along them", () => {
    near(lineTo([0, 0], [100, 8], true), [Math.hypot(100, 8), 0]);
    const [left, right] = arrowHead([0, 0], [100, 0], 6);
    expect(left[0]).toBeLessThan(100);
    expect(left[1]).toBeCloseTo(-right[1]);
    expect(paintedBox(arrow).right).toBeGreaterThan(300);
  });
});

describe("selecting", () => {
  const shapes = [shape(), shape({ id: "s2", kind: "text" }), shape({ id: "s3", kind: "text", locked: true })];
  it("takes the topmost shape that is not locked", () => {
    expect(shapeAt(shapes, [100, 150], 4)?.id).toBe("s2");
    expect(shapeAt([shapes[2]!], [100, 150], 4)).toBeUndefined();
  });

  it("by a frame takes what lies wholly in it", () => {
    expect(within(shapes, { left: 90, top: 90, right: 310, bottom: 210 }).map(({ id }) => id)).toEqual(["s1", "s2"]);
    expect(within(shapes, { left: 150, top: 90, right: 310, bottom: 210 })).toEqual([]);
  });

  it("finds the grip under the pointer, and the inside of the frame", () => {
    expect(gripAt([shape()], [303, 203], 30, 8)).toBe("se");
    expect(gripAt([shape()], [200, 72], 30, 8)).toBe("turn");
    expect(gripAt([shape()], [250, 150], 30, 8)).toBeNull();
    expect(isWithin([shape()], [250, 150], 0)).toBe(true);
    expect(frameOf(shapes)?.box).toEqual({ left: 100, top: 100, right: 300, bottom: 200 });
  });
});

describe("an eraser", () => {
  it("looks everywhere on its way, however quick it is, and never at too many spots", () => {
    expect(between([0, 0], [100, 0], 25)).toEqual([
      [25, 0],
      [50, 0],
      [75, 0],
      [100, 0],
    ]);
    expect(between([5, 5], [5, 5], 10)).toEqual([[5, 5]]);
    const far = between([0, 0], [1e6, 0], 1);
    expect([far.length, far.at(-1)]).toEqual([64, [1e6, 0]]);
  });
});
