import { describe, expect, it } from "vitest";
import { idOf, originOf, siteIdOf } from "./names";

describe("guesses of the first start", () => {
  it.each([
    ["shop.example", "https://shop.example"],
    [" https://Shop.example/cart?x=1 ", "https://shop.example"],
    ["http://localhost:3000/", "http://localhost:3000"],
    ["가게.한국", "https://xn--o39akk.xn--3e0b707e"],
    ["", ""],
    ["not an address", "not an address"],
    ["javascript://shop.example", "javascript://shop.example"],
    ["https://me:secret@shop.example", "https://me:secret@shop.example"],
  ])("%s has the origin %s", (typed, origin) => {
    expect(originOf(typed)).toBe(origin);
  });

  it.each([
    ["Fresh Flowers!", "fresh-flowers"],
    ["Café", "cafe"],
    ["카메라", "general"],
    ["x".repeat(90), "x".repeat(40)],
  ])("%s has the id %s", (text, id) => {
    expect(idOf(text, "general")).toBe(id);
  });

  it.each([
    ["https://www.shop.example", "shop"],
    ["maru.example", "maru"],
    ["http://127.0.0.1:8081", "site"],
    ["가게.한국", "site"],
    ["", "site"],
    ["not an address", "site"],
  ])("the site at %s has the id %s", (origin, id) => {
    expect(siteIdOf(origin)).toBe(id);
  });
});
