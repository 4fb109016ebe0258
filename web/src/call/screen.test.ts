import { describe, expect, it } from "vitest";
import { initialState, type RoomState } from "../room/state";
import { aSession } from "../room/testing";
import { duration, expectedWait, screenOf, type Local } from "./screen";

const voice: Local = { channel: "voice", entered: false };
const entered: Local = { channel: "voice", entered: true };
const called = {
  state: "calling",
  due_at: 0,
  contact: "",
  note: "",
  came: false,
  moved: 0,
  staff_name: "",
  minutes: 0,
  anyone: false,
} as const;
const open = (session: Parameters<typeof aSession>[0], more: Partial<RoomState> = {}): RoomState => ({
  ...initialState,
  status: "open",
  sessions: { s1: aSession(session) },
  ...more,
});

describe("which screen is shown", () => {
  it.each([
    ["nothing known yet", { ...initialState }, voice, "skeleton"],
    ["a session to prepare", open({ state: "preparing" }), voice, "prepare"],
    ["Enter pressed, the server not yet there", open({ state: "preparing" }), entered, "prepare"],
    [
      "closed before Enter was pressed",
      open({ state: "preparing", opening: { open: false, callbacks: true, opens_at: 5 } }),
      voice,
      "closed",
    ],
    [
      "closed while waiting: one stays in line",
      open({ state: "waiting", opening: { open: false, callbacks: true, opens_at: 5 } }),
      entered,
      "waiting",
    ],
    ["waiting", open({ state: "waiting" }), entered, "waiting"],
    ["a live call opened again from the panel", open({ state: "active" }), voice, "room"],
    ["a text session that gets a voice", open({ state: "active", channel: "text" }), voice, "prepare"],
    ["the same, entered and reloaded", open({ state: "active", channel: "text" }), entered, "room"],
    ["ended before the other tab entered", open({ state: "after", channel: "text" }), voice, "after"],
    ["gone, to be called back", open({ state: "callback", callback: { ...called, state: "scheduled" } }), entered, "callback"],
    ["called back: one enters anew", open({ state: "active", callback: called }), entered, "prepare"],
    ["called back, and there", open({ state: "active", callback: { ...called, came: true } }), entered, "room"],
    ["a message left", open({ state: "message_left" }), entered, "message_left"],
    ["closed", open({ state: "closed" }), entered, "after"],
    ["another tab took over", open({ state: "active" }, { replaced: { s1: true } }), entered, "replaced"],
    [
      "the same, said by the goodbye",
      { ...initialState, status: "closed", closedReason: "replaced" } as const,
      entered,
      "replaced",
    ],
    ["moved to another device", open({ state: "active" }, { status: "closed", closedReason: "token" }), entered, "expired"],
    ["ended, and its token expired", open({ state: "after" }, { status: "closed", closedReason: "token" }), entered, "after"],
    ["a token whose time is over", { ...initialState, status: "closed", closedReason: "token" } as const, entered, "expired"],
  ] as const)("%s", (_, state, local, screen) => {
    expect(screenOf(state as RoomState, "s1", local)).toBe(screen);
  });
});

describe("the expected wait", () => {
  it.each([
    [null, null, { kind: "unknown" }],
    [10, 55, { kind: "soon" }],
    [30, 90, { kind: "minutes", low: 1, high: 2 }],
    [119, 121, { kind: "minutes", low: 1, high: 3 }],
    [180, 180, { kind: "minutes", low: 3, high: 4 }],
  ])("%s–%s s", (low_s, high_s, expected) => {
    expect(expectedWait({ low_s, high_s })).toEqual(expected);
  });

  it("counts up in minutes and seconds", () => {
    expect([0, 7_400, 725_000, -5].map(duration)).toEqual(["0:00", "0:07", "12:05", "0:00"]);
  });
});
