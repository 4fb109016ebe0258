import { describe, expect, it } from "vitest";
import type { HelpView } from "../../messages";
import { aHelp } from "../../room/testing";
import { hunt, mayAskHelp } from "./hunt";

const help = (over: Partial<HelpView>) =>
  aHelp({ state: "asking", mode: null, professional: "", asked: 0, asked_at: 1_000, ...over });

describe("the hunt for a professional", () => {
  it("says which one is ringing and for how long", () => {
    expect(hunt(help({ asked: 3, ringing_until: 15_000 }), 1_000)).toEqual({
      kind: "ringing",
      asked_before: 2,
      nth: 3,
      left_s: 14,
    });
  });
  it("searches between two rings", () => {
    expect(hunt(help({ asked: 2, ringing_until: 15_000 }), 15_000)).toEqual({ kind: "searching", waited_s: 14 });
  });
  it("shows that somebody is reading", () => {
    expect(hunt(help({ state: "catching_up", catch_up_until: 61_500 }), 1_000)).toEqual({ kind: "reading", left_s: 61 });
  });
  it("ends with nobody, or with nothing to show", () => {
    expect(hunt(help({ state: "nobody", asked: 2 }), 0)).toEqual({ kind: "nobody", asked: 2 });
    expect(hunt(help({ state: "joined" }), 0)).toEqual({ kind: "none" });
    expect(hunt(null, 0)).toEqual({ kind: "none" });
  });
});

describe("who may ask for help", () => {
  it("only the owner", () => {
    expect(mayAskHelp("counselor", true, null)).toBe(true);
    expect(mayAskHelp("counselor", false, null)).toBe(false);
    expect(mayAskHelp("user", true, null)).toBe(false);
  });
  it("not while help is under way, again after it", () => {
    for (const state of ["asking", "catching_up", "joined"] as const)
      expect(mayAskHelp("counselor", true, help({ state }))).toBe(false);
    for (const state of ["nobody", "cancelled", "ended", "handed_over"] as const)
      expect(mayAskHelp("counselor", true, help({ state }))).toBe(true);
  });
});
