import { describe, expect, it } from "vitest";
import type { Context } from "../widget/protocol";
import { fromJsonLd, fromOpenGraph, priceText, productOf, type Tags } from "./product";

const PAGE = "https://shop.example/m5.html";

const context = (changes: Partial<Context> = {}): Context => ({
  url: PAGE,
  title: "M5",
  trail: [],
  data: {},
  html: "",
  partner: false,
  pressed: true,
  ...changes,
});

const tags = (changes: Partial<Tags> = {}): Tags => ({ jsonLd: [], meta: {}, ...changes });

const CAMERA = JSON.stringify({
  "@context": "https://schema.org",
  "@type": "Product",
  sku: "m5",
  name: "하늘 M5",
  image: ["/pictures/m5.webp"],
  url: "/m5.html",
  offers: { "@type": "Offer", price: 1890000, priceCurrency: "KRW" },
});

describe("the product of a page", () => {
  it("is read from JSON-LD, with addresses made whole and the price as the language writes it", () => {
    expect(productOf(context(), tags({ jsonLd: [CAMERA] }), "ko")).toEqual({
      id: "m5",
      name: "하늘 M5",
      price: "1,890,000원",
      url: PAGE,
      image: "https://shop.example/pictures/m5.webp",
    });
  });

  it("is found in a graph, and among several types", () => {
    const graph = JSON.stringify({
      "@graph": [{ "@type": "WebPage" }, { "@type": ["Thing", "Product"], name: "Lens", image: { url: "/l.jpg" } }],
    });
    expect(fromJsonLd(graph, "en")).toMatchObject({ name: "Lens", image: "/l.jpg" });
  });

  it("is read from Open Graph when there is no JSON-LD", () => {
    const meta = {
      "og:type": "product",
      "og:title": "Lens",
      "og:image": "https://cdn.example/l.jpg",
      "product:price:amount": "12.5",
      "product:price:currency": "EUR",
    };
    expect(productOf(context(), tags({ meta }), "en")).toMatchObject({
      name: "Lens",
      price: "€12.50",
      image: "https://cdn.example/l.jpg",
    });
    expect(fromOpenGraph({ "og:type": "website", "og:title": "Shop" }, "en")).toBeNull();
  });

  it("is first what the script element says, and before all what init was given", () => {
    const data = { productId: "7", productName: "Tripod" };
    expect(productOf(context({ data }), tags({ jsonLd: [CAMERA] }), "en")).toMatchObject({ id: "7", name: "Tripod" });
    expect(productOf(context({ data, product: { id: "8", name: "Bag" } }), tags(), "en")).toMatchObject({ id: "8", name: "Bag" });
  });

  it.each(["", "{", "null", "[]", "3", '{"@type":"Product"}', '{"@type":"Product","name":{"a":1}}', '{"@graph":[null,7]}'])(
    "is nothing when JSON-LD is %s",
    (block) => {
      expect(productOf(context(), tags({ jsonLd: [block] }), "en")).toBeNull();
    },
  );

  it("takes no address that is not http", () => {
    const data = { productId: "1", productUrl: "javascript:alert(1)", productImage: "data:image/png;base64,AAAA" };
    expect(productOf(context({ data }), tags(), "en")).toMatchObject({ url: "", image: "" });
  });

  it("writes prices it does not understand as they stand", () => {
    expect(priceText("from 10", "EUR", "en")).toBe("from 10 EUR");
    expect(priceText("1200", "", "en")).toBe("1200");
  });
});
