import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CodeAnswer, Context } from "../widget/protocol";
import { visited } from "../widget/trail";
import { keep, loadKept } from "./kept";
import { Panel } from "./panel";
import { memoryBox } from "./storage";
import type { Surroundings } from "./surroundings";

const INFO = {
  site: { id: "demo-shop", name: "Shop", accent: "", privacy_url: "", home_url: "" },
  category: { id: "cameras", name: "Cameras" },
  language: "en",
  staffed: true,
  low_s: null,
  high_s: null,
  retention_days: 90,
  may_listen: false,
  opening: { open: true, opens_at: null },
  channels: ["text", "voice", "video"],
};
const CONTEXT: Context = {
  trail: visited([], 0, "M5", "https://shop.example/m5.html?x=1", 0),
  now: 0,
  data: { productId: "m5" },
  html: "",
  pressed: "open",
};

/** A fake browser around the panel. It records what the panel sent, which windows it opened, and which text the pill of the
 *  folded panel had. */
class Around implements Surroundings {
  query = { site: "demo-shop", category: "cameras", lang: "en" };
  storage = memoryBox();
  opened: string[] = [];
  blocks = false;
  asked: unknown[] = [];
  answer: CodeAnswer = { code: "a.b.c" };
  requests: { path: string; body: unknown }[] = [];
  given: unknown[] = [];
  context: (context: Context) => void = () => undefined;
  hidden = () => false;
  back: () => void = () => undefined;
  whenBack = (back: () => void) => {
    this.back = back;
  };
  hints: string[] = [];
  hint = (line: string) => void this.hints.push(line);
  makers: unknown[] = [];
  focused = 0;
  focus = () => {
    this.focused += 1;
  };
  openWindow = (url: string) => {
    this.opened.push(url);
    return this.blocks
      ? null
      : ({
          closed: false,
          postMessage: (message: unknown) => void this.given.push(message),
          focus: () => undefined,
        } as unknown as Window);
  };
  bridge: Surroundings["bridge"] = ({ onContext }) => {
    this.context = onContext;
    return {
      code: (about: unknown, maker: unknown) => {
        this.asked.push(about);
        this.makers.push(maker);
        return Promise.resolve(this.answer);
      },
      picture: () => Promise.resolve(null),
      fold: () => undefined,
      status: () => undefined,
      showPage: () => undefined,
    };
  };
}

let listeners: ((event: Partial<MessageEvent>) => void)[];
let around: Around;
let panel: Panel;

beforeEach(async () => {
  around = new Around();
  vi.useFakeTimers();
  vi.stubGlobal("location", { origin: "https://talk.example", protocol: "https:", host: "talk.example" });
  listeners = [];
  const addEventListener = (_: string, listener: (event: Partial<MessageEvent>) => void) => void listeners.push(listener);
  vi.stubGlobal("window", { addEventListener, removeEventListener: () => undefined });
  vi.stubGlobal(
    "DOMParser",
    class {
      parseFromString = () => ({ querySelectorAll: () => [] });
    },
  );
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => {
    const body = typeof init?.body === "string" ? (JSON.parse(init.body) as unknown) : init?.body;
    around.requests.push({ path, body });
    return Promise.resolve(
      new Response(JSON.stringify(path.startsWith("/api/panel") ? INFO : { session: "s1", token: "secret" })),
    );
  });
  panel = new Panel(around);
  await panel.start();
  around.context(CONTEXT);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the panel", () => {
  it("takes the keys when it was opened by hand, not when it comes back after navigation", () => {
    expect(around.focused).toBe(1);
    around.context({ ...CONTEXT, pressed: false });
    expect(around.focused).toBe(1);
  });

  it("tells the server site, category and language when it opens, and nothing of the visit", () => {
    expect(around.requests).toEqual([{ path: "/api/panel?site=demo-shop&category=cameras&lang=en", body: undefined }]);
  });

  it("opens the call window within the click, and gives it the session by message alone", async () => {
    const begun = panel.begin("voice");
    expect(around.opened).toEqual(["/call"]);
    await begun;
    expect(around.given).toEqual([{ kind: "sangdam-call", session: "s1", token: "secret", channel: "voice", locale: "en" }]);
    expect(loadKept(around.storage)).toMatchObject({ session: "s1", token: "secret", place: "window" });
    expect(around.requests.map(({ path }) => path).join()).not.toMatch(/secret|a\.b\.c/);
  });

  it("remembers that a visitor came to leave a message, not to wait", async () => {
    await panel.begin("text", "message");
    expect(loadKept(around.storage)).toMatchObject({ purpose: "message", place: "panel" });
    await panel.begin("text");
    expect(loadKept(around.storage)).toMatchObject({ purpose: "talk" });
  });

  it.each([
    ["dark", "dark"],
    ["light", "light"],
    ["auto", ""],
    ["<b>", ""],
  ])("follows the partner's data-theme, as does the call window: %s", async (theme, shown) => {
    around.context({ ...CONTEXT, data: { ...CONTEXT.data, theme } });
    expect(panel.state.get().theme).toBe(shown);
    await panel.begin("voice");
    expect(around.opened).toEqual([shown ? `/call?theme=${shown}` : "/call"]);
  });

  it.each([
    ["Seoul-1", "seoul-1"],
    ["서울", ""],
    [undefined, ""],
  ])("tells the server in which region the visitor is: %s", async (region, told) => {
    around.context({ ...CONTEXT, data: { ...CONTEXT.data, region } });
    await panel.begin("voice");
    expect(around.requests.at(-1)?.body).toMatchObject({ region: told });
  });

  it("keeps the sound off on the next page", () => {
    panel.mute(true);
    expect(new Panel(around).state.get().muted).toBe(true);
    panel.mute(false);
    expect(new Panel(around).state.get().muted).toBe(false);
  });

  it("shares what it listed, without what was taken out", async () => {
    panel.remove("page");
    panel.type({ note: "heavy?" });
    await panel.begin("voice");
    expect(around.requests.at(-1)?.body).toMatchObject({
      code: "a.b.c",
      channel: "voice",
      supplement: { page_url: "", page_title: "", product: { id: "m5" }, note: "heavy?" },
    });
  });

  it("tells the partner's back end which product it is about, unless that was taken out", async () => {
    around.context({ ...CONTEXT, data: { ...CONTEXT.data, codeUrl: "/sangdam-code" } });
    await panel.begin("voice");
    panel.remove("product");
    await panel.begin("voice");
    expect(around.asked).toMatchObject([{ product: { id: "m5" } }, { product: null }]);
    expect(around.makers).toEqual([{ url: "/sangdam-code" }, { url: "/sangdam-code" }]);
  });

  it("says why no session came about, here and in the call window", async () => {
    around.answer = { reason: "wrong_origin" };
    await panel.begin("video");
    expect(panel.state.get()).toMatchObject({ refusal: "wrong_origin", starting: null, kept: null });
    expect(around.given).toEqual([{ kind: "sangdam-call-error", reason: "wrong_origin", message: "wrong_origin" }]);
  });

  it("keeps the session when the browser blocks the window, and opens it at the next click", async () => {
    around.blocks = true;
    await panel.begin("voice");
    expect(panel.state.get()).toMatchObject({ blocked: true, kept: { session: "s1" } });
    around.blocks = false;
    panel.resume();
    expect(panel.state.get().blocked).toBe(false);
    expect(around.given.at(-1)).toMatchObject({ session: "s1", token: "secret" });
  });

  it("makes one session of two quick clicks", async () => {
    await Promise.all([panel.begin("voice"), panel.begin("video")]);
    expect(around.requests.filter(({ path }) => path === "/api/sessions")).toHaveLength(1);
  });

  it("comes back to the session of the call window after navigation", async () => {
    await panel.begin("voice");
    const next = new Panel(around);
    await next.start();
    next.resume();
    expect(around.opened).toHaveLength(2);
    expect(around.given.at(-1)).toMatchObject({ session: "s1", token: "secret", channel: "voice" });
  });

  it("goes on with the newest when the browser shows the page again as it was left", async () => {
    await panel.begin("voice");
    const elsewhere = {
      session: "s2",
      token: "other",
      channel: "voice",
      place: "window",
      window: "sangdam-2",
      purpose: "talk",
      withheld: [],
      seen: "",
    } as const;
    keep(elsewhere, around.storage);
    around.back();
    expect(panel.state.get().kept).toEqual(elsewhere);
    keep(null, around.storage);
    around.back();
    expect(panel.state.get().kept).toBeNull();
    expect(loadKept(around.storage)).toBeNull();
  });

  it("tells those who build the page what is wrong with it", async () => {
    around.answer = { reason: "wrong_origin" };
    await panel.begin("text");
    expect(around.hints).toHaveLength(1);
    expect(around.hints[0]).toContain('"demo-shop"');
  });

  it("says that the call is over, and keeps nothing of it for the next page", async () => {
    await panel.begin("voice");
    const over = (session: string) =>
      listeners.forEach((listen) => listen({ origin: "https://talk.example", data: { kind: "sangdam-call-ended", session } }));
    over("another");
    expect(panel.state.get().ended).toBe(false);
    over("s1");
    expect(panel.state.get().ended).toBe(true);
    expect(loadKept(around.storage)).toBeNull();
    panel.anew();
    expect(panel.state.get()).toMatchObject({ ended: false, kept: null });
  });
});

describe("when very many people come", () => {
  const crowded = (times: number) => {
    around.answer = { reason: "full", message: "Very many people.", retry_s: 20 };
    let left = times;
    const asked = around.asked;
    around.asked = new Proxy(asked, {
      get: (target, key) =>
        key === "push"
          ? (about: unknown) => {
              if (left-- <= 0) around.answer = { code: "a.b.c" };
              return target.push(about);
            }
          : (Reflect.get(target, key) as unknown),
    });
  };

  it("tries again when the server says, and needs no other click", async () => {
    crowded(2);
    const begun = panel.begin("text");
    await vi.advanceTimersByTimeAsync(0);
    expect(panel.state.get()).toMatchObject({ retryAt: Date.now() + 20_000, starting: "text", refusal: "" });
    await vi.advanceTimersByTimeAsync(19_000);
    expect(around.asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(22_000);
    await begun;
    expect(around.asked).toHaveLength(3);
    expect(panel.state.get()).toMatchObject({ retryAt: 0, starting: null, kept: { session: "s1", token: "secret" } });
  });

  it("stops when the user does not want to wait, and gives up in the end", async () => {
    crowded(100);
    const begun = panel.begin("text");
    await vi.advanceTimersByTimeAsync(0);
    panel.giveUp();
    await begun;
    expect(panel.state.get()).toMatchObject({ retryAt: 0, starting: null, refusal: "", kept: null });
    const again = panel.begin("text");
    await vi.advanceTimersByTimeAsync(600_000);
    await again;
    expect(panel.state.get()).toMatchObject({ retryAt: 0, starting: null, refusal: "full", kept: null });
    expect(around.asked.length).toBeLessThan(12);
  });
});
