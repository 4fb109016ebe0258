import { describe, expect, it } from "vitest";
import { added, type Step, visited } from "./trail";

const SHOP = "https://shop.example";

describe("the visitor's trail", () => {
  it("notes pages in order, and how long each was looked at", () => {
    let trail = visited([], 0, "Home", `${SHOP}/`, 1000);
    trail = visited(trail, 12.5, "Camera", `${SHOP}/camera`, 13_500);
    expect(trail.map(({ label, dwell_s }) => [label, dwell_s])).toEqual([
      ["Home", 12.5],
      ["Camera", 0],
    ]);
  });

  it("takes a reload for the same visit of the page", () => {
    let trail = visited([], 0, "Home", `${SHOP}/`, 1000);
    trail = visited(trail, 3, "Home", `${SHOP}/`, 4000);
    expect(trail).toHaveLength(1);
    expect(trail[0]?.dwell_s).toBe(3);
  });

  it("takes the title that a page got after it was shown, bounded like the first", () => {
    const trail = visited(visited([], 0, "Loading…", `${SHOP}/`, 1000), 3, "Camera ".repeat(50), `${SHOP}/`, 4000);
    expect(trail[0]?.label).toBe("Camera ".repeat(50).slice(0, 120));
  });

  it("gives the time to the page, not to the click on it", () => {
    let trail = visited([], 0, "Camera", `${SHOP}/camera`, 0);
    trail = added(trail, "mark", "Add to cart", `${SHOP}/camera`, 2000);
    trail = visited(trail, 5, "Cart", `${SHOP}/cart`, 5000);
    expect(trail.map(({ kind, dwell_s }) => [kind, dwell_s])).toEqual([
      ["page", 5],
      ["mark", 0],
      ["page", 0],
    ]);
  });

  it("keeps the newest thirty steps, with bounded labels", () => {
    let trail: Step[] = [];
    for (let at = 0; at < 50; at++) trail = added(trail, "mark", `${at} ${"x".repeat(500)}`, SHOP, at);
    expect(trail).toHaveLength(30);
    expect(trail[0]?.label.startsWith("20 ")).toBe(true);
    expect(Math.max(...trail.map(({ label }) => label.length))).toBe(120);
  });
});
