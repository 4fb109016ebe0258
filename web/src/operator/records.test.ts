import { describe, expect, it } from "vitest";
import { NO_SEARCH, pages, searchQuery, whyOf } from "./records";

describe("a search", () => {
  it("asks for nothing that was not chosen", () => {
    expect(searchQuery(NO_SEARCH, 1)).toBe("");
  });
  it("counts the last day to its end", () => {
    const query = new URLSearchParams(searchQuery({ ...NO_SEARCH, q: " 렌즈 ", from: "2026-11-22", to: "2026-11-22" }, 3));
    expect(query.get("q")).toBe("렌즈");
    expect(Number(query.get("to")) - Number(query.get("from"))).toBe(24 * 3600 * 1000 - 1);
    expect(query.get("page")).toBe("3");
  });
  it("passes over a day that is none", () => {
    expect(searchQuery({ ...NO_SEARCH, from: "soon" }, 1)).toBe("");
  });
  it("counts pages, at least one", () => {
    expect([0, 50, 51].map((total) => pages({ total, page_size: 50 }))).toEqual([1, 1, 2]);
  });
});

describe("why a session went where it went", () => {
  const why = {
    ring: "exact",
    rule: "least load, then longest idle",
    candidates: ["jimin"],
    passed_over: [{ staff: "suho", reason: "busy" }],
  };
  it("is found in the event or inside it", () => {
    expect(whyOf({ kind: "reserved", at: 0, data: why })).toEqual(why);
    expect(whyOf({ kind: "reserved", at: 0, data: { staff: "jimin", why } })).toEqual(why);
  });
  it("is not made up", () => {
    expect(whyOf({ kind: "left", at: 0, data: { reason: "hung_up" } })).toBeNull();
    expect(whyOf({ kind: "reserved", at: 0, data: { ring: "any", rule: "x" } })).toEqual({
      ring: "any",
      rule: "x",
      candidates: [],
      passed_over: [],
    });
  });
});
