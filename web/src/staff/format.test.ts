import { describe, expect, it } from "vitest";
import { clock, languageName, listedFields, safeHref, shortUrl } from "./format";

describe("what people read", () => {
  it("durations", () => {
    expect([0, 9, 65, 3700, -4].map(clock)).toEqual(["0:00", "0:09", "1:05", "1:01:40", "0:00"]);
  });
  it("languages by name, whatever comes", () => {
    expect(languageName("ko", "en")).toBe("Korean");
    expect(languageName("en", "ko")).toBe("영어");
    expect(languageName("!", "en")).toBe("!");
  });
  it("addresses: short, and only web ones become links", () => {
    expect(shortUrl("https://shop.example/a/")).toBe("shop.example/a");
    expect(safeHref("https://shop.example")).toBe("https://shop.example");
    expect(safeHref("javascript:alert(1)")).toBeNull();
  });
  it("the brief's fields in the order one asks", () => {
    const field = (name: string, value = "x") => ({ name, value, provenance: "claimed" as const });
    const names = listedFields({
      fields: [field("claim.vip"), field("page_url"), field("product_name"), field("note", ""), field("user_name")],
      trail: [],
      earlier_sessions: [],
    });
    expect(names.map((one) => one.name)).toEqual(["user_name", "page_url", "claim.vip"]);
  });
});
