import { describe, expect, it } from "vitest";
import type { Context, Step } from "../widget/protocol";
import { bareUrl, type ItemKey, itemsOf, supplementOf, usablePicture, visitOf } from "./visit";

const step = (changes: Partial<Step> = {}): Step => ({
  kind: "page",
  label: "Home",
  at: 1,
  url: "https://shop.example/",
  dwell_s: 1.6,
  ...changes,
});

const context: Context = {
  url: "https://shop.example/m5.html?email=me%40example.org#reviews",
  title: "M5",
  trail: [step(), step({ kind: "mark", label: "  Add\n to cart ", at: 2.4, url: "https://shop.example/m5.html?token=1" })],
  data: {},
  html: "",
  partner: false,
  pressed: true,
};
const product = {
  id: "m5",
  name: "M5",
  price: "1",
  url: "https://shop.example/m5.html?ref=mail",
  image: "https://shop.example/m5.webp",
};
const none: ReadonlySet<ItemKey> = new Set();
const typed = { name: " Mina ", note: " Is it heavy? " };

describe("what is shared of a visit", () => {
  it("names every item, so that nothing is sent that was not shown", () => {
    const visit = { ...visitOf(context, product), picture: new Blob(["x"], { type: "image/webp" }) };
    expect(itemsOf(visit, none)).toEqual(["page", "product", "picture", "trail"]);
  });

  it("leaves query and fragment of every address behind", () => {
    const supplement = supplementOf(visitOf(context, product), none, typed);
    expect(JSON.stringify(supplement)).not.toMatch(/email|token|ref=|#/);
    expect(supplement.page_url).toBe("https://shop.example/m5.html");
  });

  it("sends whole seconds and one-line labels", () => {
    const { trail } = supplementOf(visitOf(context, product), none, typed);
    expect(trail.map(({ label, at, dwell_s }) => [label, at, dwell_s])).toEqual([
      ["Home", 1, 2],
      ["Add to cart", 2, 2],
    ]);
  });

  it("sends nothing of what the user took out", () => {
    const visit = visitOf(context, product);
    const supplement = supplementOf(visit, new Set<ItemKey>(["page", "product", "trail"]), typed);
    expect(supplement).toEqual({
      page_url: "",
      page_title: "",
      product: null,
      trail: [],
      user_name: "Mina",
      note: "Is it heavy?",
    });
  });

  it("tells the page neither by itself nor by the trail, once it is taken out", () => {
    const visit = visitOf(context, product);
    const removed = new Set<ItemKey>(["page"]);
    expect(supplementOf(visit, removed, typed).trail.map(({ label }) => label)).toEqual(["Home"]);
    expect(itemsOf({ ...visit, trail: visit.trail.slice(1) }, removed)).toEqual(["product"]);
  });

  it("takes only pictures that the server takes, whatever they are called", async () => {
    const bytes = (...codes: number[]) => new Blob([new Uint8Array(codes)], { type: "application/octet-stream" });
    expect((await usablePicture(bytes(0xff, 0xd8, 0xff, 0xe0)))?.type).toBe("image/jpeg");
    expect((await usablePicture(bytes(0x89, 0x50, 0x4e, 0x47, 13, 10)))?.type).toBe("image/png");
    expect((await usablePicture(new Blob(["RIFF\0\0\0\0WEBPVP8 "])))?.type).toBe("image/webp");
    expect(await usablePicture(new Blob(["<svg/>"], { type: "image/png" }))).toBeNull();
    expect(await usablePicture(new Blob([], { type: "image/png" }))).toBeNull();
  });

  it("shares no address that is not http", () => {
    expect(bareUrl("file:///home/me/page.html", [])).toBe("");
    expect(bareUrl("nonsense", [])).toBe("");
  });

  it("keeps the parameters that the site allows", () => {
    expect(bareUrl("https://shop.example/product?id=7&email=me", ["id"])).toBe("https://shop.example/product?id=7");
  });
});
