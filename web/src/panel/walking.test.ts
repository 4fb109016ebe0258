import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Kept } from "./kept";
import type { Supplement, Visit } from "./visit";
import { Walking } from "./walking";

const kept = (changes: Partial<Kept> = {}): Kept => ({
  session: "s1",
  token: "secret",
  channel: "text",
  place: "panel",
  window: "w",
  purpose: "talk",
  withheld: [],
  seen: "m5",
  ...changes,
});
const visit = (id: string, changes: Partial<Visit> = {}): Visit => ({
  page: { url: `https://shop.example/${id}`, title: id },
  product: { id, name: id.toUpperCase() },
  trail: [{ kind: "page", label: id, at: 1, url: `https://shop.example/${id}`, dwell_s: 0 }],
  picture: new Blob(["picture"]),
  ...changes,
});

/** A `Walking` with fake HTTP calls, which record what the server was told. */
function walker(works = true) {
  const told: Supplement[] = [];
  const pictures: string[] = [];
  const walking = new Walking({
    visit: (_session, _token, seen) => Promise.resolve(told.push(seen) > 0 && works),
    picture: (session) => Promise.resolve(void pictures.push(session)),
  });
  const seen: string[] = [];
  const at = async (there: Visit, who = kept()) => {
    walking.follow(
      who,
      () => there,
      (product) => void seen.push(product),
    );
    await vi.advanceTimersByTimeAsync(2500);
  };
  return { walking, told, pictures, seen, at };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells the next page, its product and its picture, once", async () => {
  const { walking, told, pictures, seen, at } = walker();
  walking.began(visit("m5"));
  await at(visit("m5"));
  expect(told).toEqual([]);
  await at(visit("m7"));
  await at(visit("m7"));
  expect(told.map((one) => [one.page_title, one.product?.id, one.trail.length])).toEqual([["m7", "m7", 1]]);
  expect([pictures, seen]).toEqual([["s1"], ["m7"]]);
});

it("sends no picture again for the product that the brief has", async () => {
  const { pictures, told, at } = walker();
  await at(visit("m5"));
  expect(told).toHaveLength(1);
  expect(pictures).toEqual([]);
});

it("keeps back what the visitor removed before the session began", async () => {
  const { told, pictures, at } = walker();
  await at(visit("m7"), kept({ withheld: ["product", "trail"] }));
  expect(told.map((one) => [one.page_title, one.product, one.trail])).toEqual([["m7", null, []]]);
  await at(visit("m8"), kept({ withheld: ["page", "product", "trail"] }));
  expect(told).toHaveLength(1);
  expect(pictures).toEqual([]);
});

it("passes over pages that are left at once, and tells again what did not arrive", async () => {
  const { walking, told, at } = walker(false);
  walking.follow(
    kept(),
    () => visit("m6"),
    () => undefined,
  );
  await at(visit("m7"));
  await at(visit("m7"));
  expect(told.map((one) => one.page_title)).toEqual(["m7", "m7"]);
});
