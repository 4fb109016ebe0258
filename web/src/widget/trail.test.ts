import { describe, expect, it } from "vitest";
import { added, readTrail, visited } from "./trail";

const SHOP = "https://shop.example";

describe("the visitor's trail", () => {
  it("notes pages in order, and how long each was looked at", () => {
    let trail = visited([], 0, "Home", `${SHOP}/`, 1000);
    trail = visited(trail, 12.5, "Camera", `${SHOP}/camera`, 13_500);
    expect(readTrail(trail)).toEqual([
      { kind: "page", label: "Home", url: `${SHOP}/`, at: 1000, dwell_s: 12.5 },
      { kind: "page", label: "Camera", url: `${SHOP}/camera`, at: 13_500, dwell_s: 0 },
    ]);
  });

  it("takes a reload for the same visit of the page", () => {
    let trail = visited([], 0, "Home", `${SHOP}/`, 1000);
    trail = visited(trail, 3, "Home", `${SHOP}/`, 4000);
    expect(readTrail(trail)).toMatchObject([{ dwell_s: 3, at: 1000 }]);
  });

  it("takes the title that a page got after it was shown, bounded like the first", () => {
    const trail = visited(visited([], 0, "Loading…", `${SHOP}/`, 1000), 3, "😀 ".repeat(1500), `${SHOP}/`, 4000);
    expect(readTrail(trail)[0]?.label).toHaveLength(2000);
  });

  it("gives the time to the page, not to the click on it", () => {
    let trail = visited([], 0, "Camera", `${SHOP}/camera`, 0);
    trail = added(trail, "mark", "Add to cart", `${SHOP}/camera`, 2000);
    trail = visited(trail, 5, "Cart", `${SHOP}/cart`, 5000);
    expect(readTrail(trail).map(({ kind, dwell_s }) => [kind, dwell_s])).toEqual([
      ["page", 5],
      ["mark", 0],
      ["page", 0],
    ]);
  });

  it("keeps the newest thirty steps, with bounded labels", () => {
    let trail: string[] = [];
    for (let at = 0; at < 50; at++) trail = added(trail, "mark", `${at} ${"x".repeat(5000)}`, SHOP, at);
    const steps = readTrail(trail);
    expect(steps).toHaveLength(30);
    expect(steps[0]?.label.startsWith("20 ")).toBe(true);
    expect(Math.max(...steps.map(({ label }) => label.length))).toBe(2000);
  });

  it("keeps a label with tabs and line breaks in its line", () => {
    const [step] = readTrail(added([], "mark", "Add\tto\r\ncart\u2028now", SHOP, 1));
    expect(step?.label).toBe("Add to cart now");
  });

  it("leaves out what is no step", () => {
    expect(readTrail(["", "page", "page\turl\tx\t1\tlabel", "other\turl\t1\t1\tlabel", '{"trail":[]}'])).toEqual([]);
  });
});
