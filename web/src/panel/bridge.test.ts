import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "../widget/protocol";
import { Bridge } from "./bridge";

const SHOP = "https://shop.example";
const context: Context = { trail: [], now: 0, data: {}, html: "", pressed: "open" };
const OURS = { url: "https://talk.example/api/codes" };
const GET_CODE = { getCode: true } as const;
const json = (value: unknown) => new Blob([JSON.stringify(value)]);

class Page {
  posted: { message: unknown; origin: string }[] = [];
  postMessage = (message: unknown, origin: unknown) => void this.posted.push({ message, origin: String(origin) });
}

class Frame {
  listener: (event: MessageEvent) => void = () => undefined;
  addEventListener = (_type: string, listener: unknown) => void (this.listener = listener as typeof this.listener);
}

let page: Page, frame: Frame, contexts: Context[], bridge: Bridge;
const from = (source: unknown, origin: string, data: unknown) => frame.listener({ source, origin, data } as MessageEvent);

beforeEach(() => {
  [page, frame, contexts] = [new Page(), new Frame(), []];
  bridge = new Bridge({ onContext: (one) => contexts.push(one) }, frame, page);
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
    expect(contexts).toHaveLength(1);
  });

  it("takes no answer from another window or origin", async () => {
    from(page, SHOP, { context });
    const asked = bridge.picture(`${SHOP}/m5.webp`);
    from(new Page(), SHOP, { ask: 1, answer: new Blob(["window"]) });
    from(page, "https://other.example", { ask: 1, answer: new Blob(["origin"]) });
    from(page, SHOP, { ask: 1, answer: new Blob(["shop"]) });
    expect(await (await asked)?.text()).toBe("shop");
  });

  it("refuses a context that is none", () => {
    const bads = [
      null,
      7,
      "x",
      {},
      { context: {} },
      { context: { ...context, trail: [{}] } },
      { context: { ...context, trail: "x" } },
      { context: { ...context, now: "1" } },
    ];
    for (const bad of bads) from(page, SHOP, bad);
    expect(contexts).toHaveLength(0);
  });

  it("gives each answer to the one who asked", async () => {
    from(page, SHOP, { context });
    const [first, second] = [bridge.code({ site: "a" }, OURS), bridge.code({ site: "b" }, OURS)];
    from(page, SHOP, { ask: 2, answer: json({ code: "two" }) });
    from(page, SHOP, { ask: 1, answer: json({ reason: "wrong_origin" }) });
    expect(await first).toEqual({ reason: "wrong_origin" });
    expect(await second).toEqual({ code: "two" });
  });

  it("has the page fetch a code with a body that was made here", () => {
    from(page, SHOP, { context });
    void bridge.code({ site: "a", category: "b" }, OURS);
    expect(page.posted[0]?.message).toEqual({
      ask: 1,
      url: OURS.url,
      init: { method: "POST", headers: { "content-type": "application/json" }, body: '{"site":"a","category":"b"}' },
    });
  });

  it.each([
    ["a code", "a.b.c", { code: "a.b.c" }],
    ["an answer", { code: "a.b.c" }, { code: "a.b.c" }],
    ["a refusal", { reason: "signed_out" }, { reason: "signed_out" }],
    ["an error", { reason: "TypeError" }, { reason: "network" }],
    ["nothing", undefined, { reason: "malformed" }],
    ["a number", 7, { reason: "malformed" }],
    ["what is no JSON", new Blob(["<html>"]), { reason: "malformed" }],
    ["JSON that is no object", new Blob(["null"]), { reason: "malformed" }],
  ])("understands %s", async (_, answer, code) => {
    from(page, SHOP, { context });
    const asked = bridge.code({}, GET_CODE);
    from(page, SHOP, { ask: 1, answer });
    expect(await asked).toEqual(code);
  });

  it("has no picture when the page may not read it", async () => {
    from(page, SHOP, { context });
    const asked = bridge.picture("https://cdn.example/m5.webp");
    from(page, SHOP, { ask: 1, answer: { reason: "TypeError" } });
    expect(await asked).toBeNull();
  });

  it("says why when nobody frames it, or when the page does not answer", async () => {
    expect(await bridge.code({}, OURS)).toEqual({ reason: "no_page" });
    vi.useFakeTimers();
    from(page, SHOP, { context });
    const answer = bridge.code({}, OURS);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await answer).toEqual({ reason: "network" });
    vi.useRealTimers();
  });
});
