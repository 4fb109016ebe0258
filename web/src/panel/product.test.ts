import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "../widget/protocol";
import { fromOpenGraph, productOf, type Tags } from "./product";

const PAGE = "https://shop.example/m5.html";
const MEANINGS: Record<string, string> = { "&amp;": "&", "&#8217;": "’", "&uuml;": "ü", "&lt;": "<" };

const tags = (changes: Partial<Tags> = {}): Tags => ({ jsonLd: [], meta: {}, ...changes });
const ofBlock = (block: unknown, language = "en", page = PAGE) =>
  productOf({}, page, tags({ jsonLd: [typeof block === "string" ? block : JSON.stringify(block)] }), language);

const CAMERA = {
  "@context": "https://schema.org",
  "@type": "Product",
  sku: "m5",
  name: "하늘 M5",
  image: ["/pictures/m5.webp"],
  url: "/m5.html",
  offers: { "@type": "Offer", price: 1890000, priceCurrency: "KRW" },
};
const offer = (price: unknown, priceCurrency = "EUR") => ({ "@type": "Offer", price, priceCurrency });

beforeEach(() => {
  vi.stubGlobal(
    "DOMParser",
    class {
      parseFromString = (text: string) => ({ documentElement: { textContent: MEANINGS[text] ?? text } });
    },
  );
});

describe("the product of a page", () => {
  it("is read from JSON-LD, with addresses made whole and the price as the language writes it", () => {
    expect(ofBlock(CAMERA, "ko")).toEqual({
      id: "m5",
      name: "하늘 M5",
      price: "1,890,000원",
      url: PAGE,
      image: "https://shop.example/pictures/m5.webp",
    });
  });

  it.each([
    [
      "in a graph, and among several types",
      { "@graph": [{ "@type": "WebPage" }, { "@type": ["Thing", "Product"], name: "Lens" }] },
    ],
    ["under mainEntity", { "@type": "WebPage", mainEntity: { "@type": "Product", name: "Lens" } }],
    ["in a page of a graph", { "@graph": [{ "@type": "ItemPage", mainEntity: [{ "@type": "Product", name: "Lens" }] }] }],
    ["as what is offered", { "@type": "Offer", itemOffered: { "@type": "Product", name: "Lens" } }],
    ["in a list of blocks", [{ "@type": "BreadcrumbList" }, { "@type": "Product", name: "Lens" }]],
    ["with a full address as its type", { "@type": "http://schema.org/Product", name: "Lens" }],
    ["with a shortened address as its type", { "@type": ["schema:Product"], name: "Lens" }],
    [
      "named by its @id",
      {
        "@graph": [
          { "@type": "WebPage", mainEntity: { "@id": "#p" } },
          { "@id": "#p", "@type": "Product", name: "Lens" },
        ],
      },
    ],
    ["as a group", { "@type": "ProductGroup", name: "Lens", hasVariant: [] }],
  ])("is found %s", (_, block) => {
    expect(ofBlock(block)).toMatchObject({ name: "Lens" });
  });

  it("is none of the products that the page only lists", () => {
    expect(
      ofBlock({ "@type": "ItemList", itemListElement: [{ "@type": "ListItem", item: { "@type": "Product", name: "Lens" } }] }),
    ).toBeNull();
  });

  it.each([
    ["an offer", { offers: offer("19.99") }, "€19.99"],
    ["a list of offers", { offers: [offer(19.99)] }, "€19.99"],
    ["a specification", { offers: { priceSpecification: { price: "19.99", priceCurrency: "EUR" } } }, "€19.99"],
    [
      "the specification that is no former price",
      {
        offers: {
          priceSpecification: [{ priceType: "https://schema.org/ListPrice", price: 29 }, { price: 19.99 }],
          priceCurrency: "EUR",
        },
      },
      "€19.99",
    ],
    [
      "an aggregate",
      { offers: { "@type": "AggregateOffer", lowPrice: 19.99, highPrice: "29.99", priceCurrency: "EUR" } },
      "€19.99 – €29.99",
    ],
    ["the offers of an aggregate", { offers: { "@type": "AggregateOffer", offers: [offer(19.99), offer(19.99)] } }, "€19.99"],
    ["an offer named by its @id", { offers: { "@id": "#o" } }, "€19.99"],
    ["nothing", {}, ""],
  ])("takes its price from %s", (_, more, price) => {
    const graph = [
      { "@type": "Product", name: "Lens", ...more },
      { "@id": "#o", ...offer(19.99) },
    ];
    expect(ofBlock({ "@graph": graph })?.price).toBe(price);
  });

  it("is the variant at the page's address, else the group with its range of prices", () => {
    const variant = (colour: string, price: number) => ({
      "@type": "Product",
      sku: colour,
      name: `Lens ${colour}`,
      offers: { ...offer(price), url: `/lens/${colour}` },
    });
    const group = {
      "@type": "ProductGroup",
      productGroupID: "lens",
      name: "Lens",
      hasVariant: [variant("red", 30), variant("blue", 20)],
    };
    expect(ofBlock(group, "en", "https://shop.example/lens/blue#top")).toMatchObject({
      id: "blue",
      name: "Lens blue",
      price: "€20.00",
    });
    expect(ofBlock(group)).toMatchObject({ id: "lens", name: "Lens", price: "€20.00 – €30.00" });
  });

  it("has no character references in its texts", () => {
    expect(ofBlock({ "@type": "Product", name: "Tom &amp; Jerry&#8217;s M&uuml;sli &nosuch; R&D; 5 < 6" })?.name).toBe(
      "Tom & Jerry’s Müsli &nosuch; R&D; 5 < 6",
    );
    expect(productOf({}, PAGE, tags({ meta: { "og:type": "product", "og:title": "Tom &amp; Jerry" } }), "en")?.name).toBe(
      "Tom & Jerry",
    );
  });

  it("cuts no emoji in two, and has no half of one", () => {
    const name = ofBlock({ "@type": "Product", name: `\ud83d${"x".repeat(299)}😀😀` })?.name ?? "";
    expect(name).toBe(`${"x".repeat(299)}😀`);
  });

  it("is read from Open Graph when there is no JSON-LD", () => {
    const meta = {
      "og:type": "product",
      "og:title": "Lens",
      "og:image": "https://cdn.example/l.jpg",
      "product:price:amount": "12.5",
      "product:price:currency": "EUR",
    };
    expect(productOf({}, PAGE, tags({ meta }), "en")).toMatchObject({
      name: "Lens",
      price: "€12.50",
      image: "https://cdn.example/l.jpg",
    });
    expect(fromOpenGraph({ "og:type": "website", "og:title": "Shop" }, "en")).toBeNull();
  });

  it("is first what the script element says, and before all what init was given", () => {
    const data: Context["data"] = { productId: "7", productName: "Tripod" };
    const block = tags({ jsonLd: [JSON.stringify(CAMERA)] });
    expect(productOf(data, PAGE, block, "en")).toMatchObject({ id: "7", name: "Tripod" });
    expect(productOf({ ...data, product: { id: "8", name: "Bag" } }, PAGE, tags(), "en")).toMatchObject({ id: "8", name: "Bag" });
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "3",
    '{"@type":"Product"}',
    '{"@type":"Product","name":{"a":1}}',
    '{"@graph":[null,7]}',
    '{"@type":7,"name":"x"}',
  ])("is nothing when JSON-LD is %s", (block) => {
    expect(ofBlock(block)).toBeNull();
  });

  it("takes no address that is not http", () => {
    const data = { productId: "1", productUrl: "javascript:alert(1)", productImage: "data:image/png;base64,AAAA" };
    expect(productOf(data, PAGE, tags(), "en")).toMatchObject({ url: "", image: "" });
  });
});
