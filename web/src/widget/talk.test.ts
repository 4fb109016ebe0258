import { describe, expect, it } from "vitest";
import { eventsBetween, isTalk, NONE, type Talk } from "./talk";

const talk = (more: Partial<Talk> = {}): Talk => ({ session: "s-1", stage: "started", unread: 0, resumed: false, ...more });
const names = (before: Talk, now: Talk) => eventsBetween(before, now).map(([name]) => name);

describe("events of a conversation", () => {
  it("follow its stages, each once", () => {
    expect(eventsBetween(NONE, talk())).toEqual([["started", { session: "s-1" }]]);
    expect(names(talk(), talk({ stage: "accepted" }))).toEqual(["accepted"]);
    expect(names(talk({ stage: "accepted" }), talk({ stage: "accepted" }))).toEqual([]);
    expect(names(talk({ stage: "accepted" }), talk({ stage: "ended" }))).toEqual(["ended"]);
    expect(names(talk({ stage: "ended" }), NONE)).toEqual([]);
  });

  it("count the lines that the visitor has not seen", () => {
    expect(eventsBetween(talk(), talk({ unread: 2 }))).toEqual([["unread", { session: "s-1", count: 2 }]]);
    expect(eventsBetween(talk({ unread: 2 }), talk())).toEqual([["unread", { session: "s-1", count: 0 }]]);
  });

  it("are not told again on the next page", () => {
    const resumed = talk({ stage: "accepted", resumed: true });
    expect(names(NONE, resumed)).toEqual([]);
    expect(names(resumed, talk({ stage: "ended", resumed: true }))).toEqual(["ended"]);
  });

  it("end one conversation before the next begins", () => {
    expect(names(talk({ stage: "accepted" }), NONE)).toEqual(["ended"]);
    expect(names(talk(), talk({ session: "s-2", stage: "accepted" }))).toEqual(["ended", "started", "accepted"]);
  });
});

it("anything else from another window is no conversation", () => {
  expect(isTalk(talk())).toBe(true);
  for (const other of [null, undefined, 1, "x", {}, [], { ...talk(), stage: "over" }, { ...talk(), unread: "1" }])
    expect(isTalk(other)).toBe(false);
});
