import { describe, expect, it } from "vitest";
import { type Cart, changed, count, loadCart } from "./cart";
import ko from "./ko.json";
import { ITEMS, jsonLd, page, picture, won } from "./products";

const pages = import.meta.glob<string>("./*.html", { query: "?raw", import: "default", eager: true });
const pictures = import.meta.glob("./public/pictures/*.webp", { query: "?url" });

describe("the demo shop", () => {
  it("sells six products in two categories", () => {
    expect(ITEMS).toHaveLength(6);
    expect(new Set(ITEMS.map((one) => one.category))).toEqual(new Set(["cameras", "audio"]));
  });

  it.each(ITEMS)("describes $id to machines on its own page, with the widget and its category", (one) => {
    const html = pages[`.${page(one.id)}`] ?? "";
    const block = /<script type="application\/ld\+json">([\s\S]*?)<\/script>/.exec(html);
    expect(JSON.parse(block?.[1] ?? "null")).toEqual(jsonLd(one, (key) => ko[key]));
    expect(html).toContain('src="__SANGDAM__/widget.js?site=demo-shop"');
    expect(html).toContain(`data-category="${one.category}"`);
    expect(html).toContain(`data-product="${one.id}"`);
  });

  it.each(ITEMS)("has a picture of $id", (one) => {
    expect(Object.keys(pictures)).toContain(`./public${picture(one.id)}`);
  });

  it("writes prices as each language does", () => {
    expect(won(1_890_000, "ko")).toBe("1,890,000원");
    expect(won(1_890_000, "en")).toBe("₩1,890,000");
    expect(won(1_890_000, "es")).toBe("₩1.890.000");
  });
});

describe("the cart", () => {
  it("adds, takes away and removes", () => {
    let cart: Cart = {};
    cart = changed(cart, "m5", 1);
    cart = changed(cart, "m5", 1);
    cart = changed(cart, "maru", 1);
    expect(count(cart)).toBe(3);
    cart = changed(cart, "m5", -99);
    expect(cart).toEqual({ maru: 1 });
  });

  it("starts empty when what was kept is not a cart", () => {
    for (const kept of [null, "", "nonsense", "7", '{"m5":"two"}']) expect(loadCart({ getItem: () => kept })).toEqual({});
  });
});
