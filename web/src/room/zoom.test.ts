import { describe, expect, it } from "vitest";
import { moved, pinched, WHOLE, zoomed } from "./zoom";

const SIZE = { width: 400, height: 200 };

describe("an enlarged picture", () => {
  it("keeps the point between the fingers under them", () => {
    const view = pinched(
      WHOLE,
      [
        [100, 50],
        [200, 50],
      ],
      [
        [50, 50],
        [250, 50],
      ],
      SIZE,
    );
    expect(view.scale).toBe(2);
    expect(150 * view.scale + view.x).toBe(150);
  });

  it("follows two fingers that move together", () => {
    const view = zoomed(WHOLE, 2, [200, 100], SIZE);
    expect(
      pinched(
        view,
        [
          [100, 50],
          [200, 50],
        ],
        [
          [80, 40],
          [180, 40],
        ],
        SIZE,
      ),
    ).toEqual({ scale: 2, x: -220, y: -110 });
  });

  it("never leaves its frame uncovered, nor becomes smaller than whole", () => {
    expect(moved(zoomed(WHOLE, 2, [0, 0], SIZE), [500, -900], SIZE)).toEqual({ scale: 2, x: 0, y: -200 });
    expect(zoomed(zoomed(WHOLE, 3, [399, 199], SIZE), 0.01, [0, 0], SIZE)).toEqual({ scale: 1, x: 0, y: 0 });
    expect(zoomed(WHOLE, 100, [0, 0], SIZE).scale).toBe(6);
  });
});
