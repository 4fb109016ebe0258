import { describe, expect, it } from "vitest";
import { kept, notice, told } from "./payload";

const RING = {
  kind: "user", tag: "ring/r-1", title: "Shop", body: "A visitor is calling.", ms: 15_000, accept: "Accept", decline: "Decline",
  late: "Over.", failed: "Failed.",
}; // prettier-ignore

describe("a push", () => {
  it("of a ring becomes a notification that stays and has two buttons", () => {
    const shown = notice(told(RING)!);
    expect(shown).toMatchObject({ tag: "ring/r-1", requireInteraction: true, silent: false });
    expect(shown.actions?.map((one) => [one.action, one.title])).toEqual([
      ["accept", "Accept"],
      ["decline", "Decline"],
    ]);
    expect(kept(shown.data)).toMatchObject({ reservation: "r-1", late: "Over." });
  });

  it("that a ring is over makes no sound and has no buttons", () => {
    const shown = notice(told({ kind: "over", tag: "ring/r-1", title: "", body: "Over." })!);
    expect(shown).toMatchObject({ silent: true, requireInteraction: false });
    expect(shown.actions).toBeUndefined();
  });

  it("of an answer keeps under which id the server knows the browser", () => {
    expect(
      notice(told({ kind: "answered", tag: "session/s-1", title: "Shop", body: "Answered.", device: "d-1" })!).data.device,
    ).toBe("d-1");
  });

  it("that makes no sense shows nothing", () => {
    for (const bad of [
      null,
      "x",
      7,
      [],
      {},
      { kind: "user" },
      { ...RING, kind: "money" },
      { ...RING, tag: 1 },
      { ...RING, body: "x".repeat(1001) },
    ])
      expect(told(bad)).toBeNull();
  });

  it("rings no longer than a worker lives", () => {
    expect(told({ ...RING, ms: 1e9 })!.ms).toBeLessThanOrEqual(30_000);
    expect(told({ ...RING, ms: "soon" })!.ms).toBe(0);
  });
});
