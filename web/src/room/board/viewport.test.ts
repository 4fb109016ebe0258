import { describe, expect, it } from "vitest";
import { roleOf } from "./gestures";
import type { Point } from "./strokes";
import {
  after,
  apply,
  held,
  inverse,
  matrixOf,
  panned,
  pinched,
  seen,
  showing,
  toPage,
  type View,
  WHOLE,
  zoomed,
} from "./viewport";

const DESK = { width: 800, height: 600, turned: false };
const PHONE = { width: 390, height: 700, turned: true };
const near = ([x, y]: Point, [a, b]: Point) => expect(Math.hypot(x - a, y - b)).toBeLessThan(0.001);

describe.each([DESK, PHONE])("a page in %o", (space) => {
  const view: View = held({ zoom: 3, x: 500, y: 400 }, space);

  it("corresponds to the screen both ways", () => {
    near(toPage(apply(matrixOf(view, space), [123, 456]), view, space), [123, 456]);
    near(apply(matrixOf(view, space), [view.x, view.y]), [space.width / 2, space.height / 2]);
  });

  it("is enlarged around the pointer", () => {
    const at: Point = [200, 300];
    near(toPage(at, zoomed(view, 1.3, at, space), space), toPage(at, view, space));
  });

  it("moves with the finger", () => {
    near(apply(matrixOf(panned(view, [30, -20], space), space), toPage([200, 300], view, space)), [230, 280]);
  });

  it("follows two fingers", () => {
    const now = pinched(
      view,
      [
        [100, 100],
        [200, 100],
      ],
      [
        [90, 120],
        [210, 120],
      ],
      space,
    );
    near(toPage([90, 120], now, space), toPage([100, 100], view, space));
  });

  it("is never lost from sight", () => {
    const lost = held({ zoom: 0.1, x: -9000, y: 9000 }, space);
    expect(lost).toEqual(WHOLE);
    const box = seen(panned(view, [1e6, 1e6], space), space);
    expect(box.right > 0 && box.left < 1600 && box.bottom > 0 && box.top < 1000).toBe(true);
  });

  it("shows what a leader sees, whatever the size of the screen", () => {
    const box = seen(showing({ left: 100, top: 100, right: 500, bottom: 300 }, space), space);
    expect(box.left <= 100.1 && box.right >= 499.9 && box.top <= 100.1 && box.bottom >= 299.9).toBe(true);
  });
});

describe("transformations", () => {
  it("follow each other and turn back", () => {
    const [one, two] = [matrixOf(WHOLE, DESK), matrixOf({ zoom: 2, x: 300, y: 400 }, PHONE)];
    near(apply(after(two, one), [7, 9]), apply(two, apply(one, [7, 9])));
    near(apply(after(inverse(one), one), [7, 9]), [7, 9]);
  });
});

describe("pointers", () => {
  const touch = (others: number) => ({ type: "touch", button: 0, others });
  it("draw with one finger, and pinch with two", () => {
    expect(roleOf(touch(0), false, false)).toBe("draw");
    expect(roleOf(touch(1), false, false)).toBe("pinch");
    expect(roleOf(touch(2), false, false)).toBe("none");
  });

  it("tell a pen from a palm", () => {
    expect(roleOf({ type: "pen", button: 0, others: 1 }, true, false)).toBe("draw");
    expect(roleOf(touch(0), true, false)).toBe("pan");
  });

  it("only move the page for people who may not draw, and with the middle button", () => {
    expect(roleOf({ type: "mouse", button: 0, others: 0 }, false, true)).toBe("pan");
    expect(roleOf({ type: "mouse", button: 1, others: 0 }, false, false)).toBe("pan");
    expect(roleOf({ type: "mouse", button: 2, others: 0 }, false, false)).toBe("none");
  });
});
