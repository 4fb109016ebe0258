import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  awaitEnded,
  awaitHandoff,
  keepHandoff,
  keptHandoff,
  offerHandoff,
  tellEnded,
  type Handoff,
  type Listener,
  type Mailbox,
} from "./handoff";

const ORIGIN = "http://localhost:8080";
const SESSION: Handoff = { session: "s1", token: "secret", channel: "voice", locale: "ko" };

/** A window that delivers messages to its listeners with `peer` as their source. */
class FakeWindow implements Listener {
  listeners = new Set<(event: MessageEvent) => void>();
  addEventListener(_: "message", listener: (event: MessageEvent) => void) {
    this.listeners.add(listener);
  }
  removeEventListener(_: "message", listener: (event: MessageEvent) => void) {
    this.listeners.delete(listener);
  }
  receive(data: unknown, source: unknown, origin = ORIGIN) {
    for (const listener of [...this.listeners]) listener({ data, source, origin } as MessageEvent);
  }
}

function pair() {
  const panel = new FakeWindow();
  const call = new FakeWindow();
  const toCall: Mailbox = { postMessage: (data, origin) => origin === ORIGIN && call.receive(data, toPanel) };
  const toPanel: Mailbox = { postMessage: (data, origin) => origin === ORIGIN && panel.receive(data, toCall) };
  return { panel, call, toCall, toPanel };
}

describe("handing a session to the call window", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("arrives also when the window listens long after the first offer", () => {
    const { panel, call, toCall, toPanel } = pair();
    const taken = vi.fn();
    offerHandoff(toCall, taken, panel, ORIGIN).give(SESSION);
    vi.advanceTimersByTime(1000);
    const got = vi.fn();
    awaitHandoff(toPanel, { onHandoff: got, onError: vi.fn() }, call, ORIGIN);
    expect(got).toHaveBeenCalledExactlyOnceWith(SESSION);
    expect(taken).toHaveBeenCalledOnce();
    expect(panel.listeners.size).toBe(0);
  });

  it("arrives when the window was waiting first", () => {
    const { panel, call, toCall, toPanel } = pair();
    const got = vi.fn();
    awaitHandoff(toPanel, { onHandoff: got, onError: vi.fn() }, call, ORIGIN);
    offerHandoff(toCall, vi.fn(), panel, ORIGIN).give(SESSION);
    expect(got).toHaveBeenCalledOnce();
  });

  it("hands over an error instead of a session", () => {
    const { panel, call, toCall, toPanel } = pair();
    const failed = vi.fn();
    awaitHandoff(toPanel, { onHandoff: vi.fn(), onError: failed }, call, ORIGIN);
    offerHandoff(toCall, vi.fn(), panel, ORIGIN).give({ reason: "expired", message: "Too late." });
    expect(failed).toHaveBeenCalledWith({ reason: "expired", message: "Too late." });
  });

  it.each([
    ["another origin", SESSION, "https://evil.example", true],
    ["another window", SESSION, ORIGIN, false],
    ["no token", { ...SESSION, token: "" }, ORIGIN, true],
    ["an unknown channel", { ...SESSION, channel: "smell" }, ORIGIN, true],
    ["a number", 7, ORIGIN, true],
  ])("takes nothing from %s", (_, message, origin, rightWindow) => {
    const { call, toPanel } = pair();
    const got = vi.fn();
    awaitHandoff(toPanel, { onHandoff: got, onError: got }, call, ORIGIN);
    const data = typeof message === "object" ? { kind: "sangdam-call", ...message } : message;
    call.receive(data, rightWindow ? toPanel : {}, origin);
    expect(got).not.toHaveBeenCalled();
  });

  it("is told to be over by the call window, whichever that is, of our own origin alone", () => {
    const { panel, toPanel } = pair();
    const ended = vi.fn();
    awaitEnded(ended, panel, ORIGIN);
    panel.receive({ kind: "sangdam-call-ended", session: "s1" }, {}, "https://evil.example");
    panel.receive({ kind: "sangdam-call-ended", session: 7 }, {}, ORIGIN);
    expect(ended).not.toHaveBeenCalled();
    tellEnded(toPanel, "s1", ORIGIN);
    expect(ended).toHaveBeenCalledExactlyOnceWith("s1");
  });

  it("is kept for a reload, and damaged storage is nothing", () => {
    const kept = new Map<string, string>();
    keepHandoff(SESSION, { setItem: (key, value) => void kept.set(key, value) });
    expect(keptHandoff({ getItem: (key) => kept.get(key) ?? null })).toEqual(SESSION);
    expect(keptHandoff({ getItem: () => "{" })).toBeNull();
  });
});
