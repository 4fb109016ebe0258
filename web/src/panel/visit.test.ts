import { describe, expect, it } from "vitest";
import type { Context } from "../widget/protocol";
import { added, visited } from "../widget/trail";
import { bareUrl, type ItemKey, itemsOf, supplementOf, usablePicture, visitOf } from "./visit";

const NOW = 1_790_000_000_000;
const PAGE = "https://shop.example/m5.html?email=me%40example.org#reviews";

/** A visit: the home page, a click on a marked element there, then the camera's page. `now`: the time on the page's clock, which
 *  can differ from the panel's clock. */
function context(now = NOW): Context {
  const home = visited([], 0, "Home", "https://shop.example/", now - 3000);
  const marked = added(home, "mark", "  Add\n to cart ", "https://shop.example/m5.html?token=1", now - 2400);
  return { trail: visited(marked, 1.6, "M5", PAGE, now - 1000), now, data: {}, html: "", pressed: "open" };
}
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
    const visit = { ...visitOf(context(), product, [], NOW), picture: new Blob(["x"], { type: "image/webp" }) };
    expect(itemsOf(visit, none)).toEqual(["page", "product", "picture", "trail"]);
  });

  it("leaves query and fragment of every address behind", () => {
    const supplement = supplementOf(visitOf(context(), product, [], NOW), none, typed);
    expect(JSON.stringify(supplement)).not.toMatch(/email|token|ref=|#/);
    expect(supplement.page_url).toBe("https://shop.example/m5.html");
  });

  it("sends whole seconds and one-line labels", () => {
    const { trail } = supplementOf(visitOf(context(), product, [], NOW), none, typed);
    expect(trail.map(({ label, at, dwell_s }) => [label, at, dwell_s])).toEqual([
      ["Home", NOW - 3000, 2],
      ["Add to cart", NOW - 2400, 0],
      ["M5", NOW - 1000, 0],
    ]);
  });

  it.each([-3, 3])("moves times to our clock when the page's is %s h off", (hours) => {
    const { trail } = visitOf(context(NOW + hours * 3_600_000), null, [], NOW);
    expect(trail.map(({ at }) => at)).toEqual([NOW - 3000, NOW - 2400, NOW - 1000]);
  });

  it("cuts no emoji in two, and sends no half of one", () => {
    const title = `${"x".repeat(119)}😀😀${"y".repeat(300)}`;
    const halved = { ...context(), trail: visited([], 0, title, "https://shop.example/", NOW) };
    const visit = visitOf(halved, product, [], NOW);
    const supplement = supplementOf(visit, none, { name: `${"n".repeat(59)}😀😀`, note: `😀\ud83d ${"n".repeat(497)}😀😀\0` });
    expect(JSON.stringify(supplement)).not.toMatch(/\\u(d[89a-f]|0000)/);
    expect(supplement.trail[0]?.label).toBe(`${"x".repeat(119)}😀`);
    expect(Array.from(supplement.page_title)).toHaveLength(200);
    expect(supplement.user_name).toBe(`${"n".repeat(59)}😀`);
    expect(supplement.note.endsWith("n😀")).toBe(true);
    expect(Array.from(supplement.note)).toHaveLength(500);
  });

  it("cuts the longest titles between two characters, wherever the widget cut them", () => {
    const family = "👨‍👩‍👧‍👦";
    for (const title of [family.repeat(999), `x${family.repeat(999)}`, "😀".repeat(9999), `x${"😀".repeat(9999)}`]) {
      const long = { ...context(), trail: visited([], 0, title, "https://shop.example/", NOW) };
      const { page_title, trail } = supplementOf(visitOf(long, null, [], NOW), none, typed);
      for (const shown of [page_title, trail[0]!.label]) expect(shown).toMatch(new RegExp(`^x?(${family}|😀)+$`, "u"));
    }
  });

  it("sends nothing of what the user took out", () => {
    const visit = visitOf(context(), product, [], NOW);
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
    const visit = visitOf(context(), product, [], NOW);
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
