import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "../widget/protocol";
import { Bridge } from "./bridge";

const SHOP = "https://shop.example";
const context: Context = { url: `${SHOP}/`, title: "Shop", trail: [], data: {}, html: "", partner: false, pressed: true };

class Page {
  posted: { message: unknown; origin: string }[] = [];
  postMessage = (message: unknown, origin: unknown) => void this.posted.push({ message, origin: String(origin) });
}

class Frame {
  listener: (event: MessageEvent) => void = () => undefined;
  addEventListener = (_type: string, listener: unknown) => void (this.listener = listener as typeof this.listener);
}

let page: Page, frame: Frame, contexts: Context[], pictures: Blob[], bridge: Bridge;
const from = (source: unknown, origin: string, data: unknown) => frame.listener({ source, origin, data } as MessageEvent);

beforeEach(() => {
  [page, frame, contexts, pictures] = [new Page(), new Frame(), [], []];
  bridge = new Bridge({ onContext: (one) => contexts.push(one), onPicture: (one) => pictures.push(one) }, frame, page);
});

describe("the talk with the partner's page", () => {
  it("says nothing before the page has spoken, and then to that origin alone", () => {
    bridge.fold();
    expect(page.posted).toEqual([]);
    from(page, SHOP, { context });
    bridge.fold();
    expect(page.posted).toEqual([{ message: { fold: true }, origin: SHOP }]);
  });

  it("listens to the page that frames it and to no other window or origin", () => {
    from(new Page(), SHOP, { context });
    expect(contexts).toHaveLength(0);
    from(page, SHOP, { context });
    from(page, "https://other.example", { context });
    from(page, "https://other.example", { picture: new Blob(["x"]) });
    expect(contexts).toHaveLength(1);
    expect(pictures).toHaveLength(0);
  });

  it("refuses a context that is none", () => {
    for (const bad of [
      null,
      7,
      "x",
      {},
      { context: {} },
      { context: { ...context, trail: [{}] } },
      { context: { ...context, trail: "x" } },
    ])
      from(page, SHOP, bad);
    expect(contexts).toHaveLength(0);
  });

  it("gives each answer to the one who asked", async () => {
    from(page, SHOP, { context });
    const [first, second] = [bridge.code({ site: "a" }), bridge.code({ site: "b" })];
    from(page, SHOP, { ask: 2, code: { code: "two" } });
    from(page, SHOP, { ask: 1, code: { reason: "wrong_origin" } });
    expect(await first).toEqual({ reason: "wrong_origin" });
    expect(await second).toEqual({ code: "two" });
  });

  it("tells an answer that is no JSON from no answer", async () => {
    from(page, SHOP, { context });
    const [first, second] = [bridge.code({}), bridge.code({})];
    from(page, SHOP, { ask: 1, code: { reason: "TypeError" } });
    from(page, SHOP, { ask: 2, code: { reason: "SyntaxError" } });
    expect(await first).toEqual({ reason: "network" });
    expect(await second).toEqual({ reason: "malformed" });
  });

  it("says why when nobody frames it, or when the page does not answer", async () => {
    expect(await bridge.code({})).toEqual({ reason: "no_page" });
    vi.useFakeTimers();
    from(page, SHOP, { context });
    const answer = bridge.code({});
    vi.advanceTimersByTime(20_000);
    expect(await answer).toEqual({ reason: "network" });
    vi.useRealTimers();
  });
});
