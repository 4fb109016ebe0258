import { describe, expect, it } from "vitest";
import type { HelpView } from "../../messages";
import { aHelp } from "../../room/testing";
import { audienceOf, audienceRule } from "./audience";

const help = (over: Partial<HelpView>) => aHelp({ mode: "conference", professional: "p", ...over });

describe("the audience of a staff member's line", () => {
  it("is free in a two-person room and in conference", () => {
    expect(audienceRule("c", null).forced).toBeNull();
    expect(audienceRule("p", help({ mode: "conference" })).forced).toBeNull();
  });
  it("is staff for both in consultation, and says why", () => {
    for (const you of ["c", "p"]) {
      expect(audienceRule(you, help({ mode: "consultation" }))).toEqual({ forced: "staff", why: "consultation" });
    }
  });
  it("in whisper binds the professional alone", () => {
    expect(audienceRule("p", help({ mode: "whisper" })).why).toBe("whisper");
    expect(audienceRule("c", help({ mode: "whisper" })).forced).toBeNull();
  });
  it("while catching up binds the professional alone", () => {
    expect(audienceRule("p", help({ state: "catching_up", mode: null })).why).toBe("catching_up");
    expect(audienceRule("c", help({ state: "catching_up", mode: null })).forced).toBeNull();
  });
  it("after help has ended is free again", () => {
    expect(audienceRule("c", help({ state: "ended", mode: "consultation" })).forced).toBeNull();
  });
  it("a forced audience wins over the choice", () => {
    expect(audienceOf({ forced: "staff", why: "whisper" }, "all")).toBe("staff");
    expect(audienceOf({ forced: null, why: null }, "all")).toBe("all");
  });
});
