import { describe, expect, it } from "vitest";
import type { Brief, Provenance } from "../../messages";
import { filled, settled, unsettled, valuesOf } from "./variables";

const brief = (name: string, provenance: Provenance): Brief => ({
  fields: [
    { name: "user_name", value: name, provenance },
    { name: "product_name", value: "하늘 M5", provenance: "claimed" },
  ],
  trail: [],
  earlier_sessions: [],
});
const TEXT = "{user.name} 님, {product.name} 문의를 {counselor.name} 상담사가 도와드릴게요. {other.thing} {user.name}!";

describe("variables of a saved reply", () => {
  it("are filled when somebody vouches for the value", () => {
    for (const provenance of ["signed", "typed"] as const) {
      const text = filled(TEXT, valuesOf(brief("서연", provenance), "지민"));
      expect(text).toBe("서연 님, {product.name} 문의를 지민 상담사가 도와드릴게요. {other.thing} 서연!");
    }
  });

  it("stay in the text while the value is only claimed or unknown, and are told once", () => {
    const values = valuesOf(brief("서연", "claimed"), "지민");
    expect(unsettled(filled(TEXT, values), values)).toEqual([
      { variable: "user.name", value: { text: "서연", provenance: "claimed" } },
      { variable: "product.name", value: { text: "하늘 M5", provenance: "claimed" } },
    ]);
    expect(unsettled("{user.name}", valuesOf(null, "지민"))).toEqual([{ variable: "user.name", value: null }]);
    expect(unsettled("{other.thing} {user.name", {})).toEqual([]);
  });

  it("are settled by a confirmed value or by leaving them out", () => {
    expect(settled("{user.name} 님, {user.name}!", "user.name", "$& 서연")).toBe("$& 서연 님, $& 서연!");
    expect(settled("Hello {user.name} and {user.name}.", "user.name", "")).toBe("Hello and .");
  });

  it("in a value hold the line back, too", () => {
    const values = valuesOf(brief("{product.name}", "typed"), "지민");
    expect(unsettled(filled("{user.name}", values), values).map((one) => one.variable)).toEqual(["product.name"]);
  });
});
