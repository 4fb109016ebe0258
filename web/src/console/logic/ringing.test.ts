import { describe, expect, it } from "vitest";
import type { Ring } from "../../messages";
import { aSession } from "../../room/testing";
import { dash, field, fraction, secondsLeft, shown, title, titleKey, upgrades } from "./ringing";

const ring = (over: Partial<Ring> = {}): Ring => ({
  type: "ring",
  reservation: "r",
  kind: "user",
  session: "s",
  expires_at: 20_000,
  waiting_since: 0,
  site: "Shop",
  category: "Cameras",
  language: "ko",
  channel: "voice",
  ...over,
});

describe("an incoming call", () => {
  it("empties in 20 s", () => {
    expect(fraction(ring(), 0)).toBe(1);
    expect(fraction(ring(), 15_000)).toBe(0.25);
    expect(fraction(ring(), 25_000)).toBe(0);
    expect(secondsLeft(ring(), 18_500)).toBe(2);
  });
  it("shows the one that expires first", () => {
    const soon = ring({ reservation: "soon", expires_at: 5_000 });
    expect(shown([ring(), soon])).toBe(soon);
    expect(shown([])).toBeNull();
  });
  it("says of an appointment that it is one, and not a callback", () => {
    expect(titleKey(ring())).toBe("ring.title");
    expect(titleKey(ring({ kind: "callback" }))).toBe("ring.title.callback");
    expect(titleKey(ring({ kind: "callback", with_name: "Jimin" }))).toBe("ring.title.appointment");
    expect(titleKey(ring({ kind: "help", with_name: "" }))).toBe("ring.title.help");
  });
  it("flashes the title, and stops", () => {
    expect([0, 1_000, 2_000].map((now) => title("Console", "Call!", now))).toEqual(["Call!", "Console", "Call!"]);
    expect(title("Console", null, 0)).toBe("Console");
  });
  it("reads its brief", () => {
    const brief = {
      fields: [{ name: "page_url", value: "http://shop/x", provenance: "claimed" as const }],
      trail: [],
      earlier_sessions: [],
    };
    expect(field(ring({ brief }), "page_url")).toBe("http://shop/x");
    expect(field(ring(), "page_url")).toBe("");
  });
  it("draws the part of the circle that is left", () => {
    expect(dash(1, 10).offset).toBe(0);
    expect(dash(0, 10).offset).toBeCloseTo(dash(0, 10).array);
  });
});

describe("a wish to talk", () => {
  const upgrade = { channel: "voice" as const, state: "ringing" as const, until: 40_000 };
  const written = (changes = {}) => aSession({ channel: "text", you: "p2", upgrade, ...changes });
  it("rings as a call does, for 30 s, and only for the one who holds the conversation", () => {
    const [call] = upgrades([written()]);
    expect(call).toMatchObject({ kind: "upgrade", session: "s1", channel: "voice", expires_at: 40_000 });
    expect(fraction(call!, 10_000)).toBe(1);
    expect(shown([ring({ expires_at: 50_000 }), call!])).toBe(call);
    expect(
      upgrades([written({ you: "p1" }), written({ upgrade: null }), written({ upgrade: { ...upgrade, state: "missed" } })]),
    ).toEqual([]);
  });
});
