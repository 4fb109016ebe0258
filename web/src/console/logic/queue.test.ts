import { describe, expect, it } from "vitest";
import type { MessageLeft, QueueItem, SessionView, StaffMe } from "../../messages";
import { awayAfter, inOrder, leftOpen, mine, neighbour, nextState, selected, toWrapUp, waiting } from "./queue";

const item = (session: string, since: number, kind: QueueItem["kind"] = "user"): QueueItem => ({
  session,
  since,
  kind,
  category: "c",
  language: "ko",
  channel: "voice",
  ringing: false,
  name: "",
  staff: "",
  staff_name: "",
});
const message = (id: string, state: MessageLeft["state"], at: number): MessageLeft => ({
  id,
  state,
  at,
  session: "s",
  site: "",
  category: "",
  language: "",
  contact: "",
  text: "",
  taken_by: "",
  taken_by_name: "",
  by_mail: false,
  answer: "" as const,
  why: "",
});
const session = (id: string, started_at: number, state: SessionView["state"] = "active") =>
  ({ id, started_at, state }) as SessionView;

describe("sessions that were handed over", () => {
  const me = (state: StaffMe["state"], until: number | null = null) => ({ state, until }) as StaffMe;
  const given = [
    { id: "first", at: 1_000 },
    { id: "last", at: 100_000 },
  ];

  it("are wrapped up beside other sessions for two minutes", () => {
    expect(toWrapUp(given, me("busy"), 110_000)).toEqual([
      { id: "first", until: 121_000 },
      { id: "last", until: 220_000 },
    ]);
    expect(toWrapUp(given, me("busy"), 130_000)).toEqual([{ id: "last", until: 220_000 }]);
    expect(toWrapUp(given, me("available"), 230_000)).toEqual([]);
  });

  it("keep the last one for as long as the wrap-up lasts", () => {
    expect(toWrapUp(given, me("wrap_up", 300_000), 250_000)).toEqual([{ id: "last", until: 300_000 }]);
    expect(toWrapUp([], me("wrap_up", 300_000), 250_000)).toEqual([]);
  });
});

describe("the queue", () => {
  it("keeps users and help requests apart, longest first", () => {
    const found = waiting([item("b", 2_000), item("h", 1_000, "help"), item("a", 500)], 10_500);
    expect(found.users.map((one) => one.session)).toEqual(["a", "b"]);
    expect(found.helps.map((one) => one.session)).toEqual(["h"]);
    expect(found.longest_s).toBe(10);
  });
  it("is calm when empty", () => {
    expect(waiting([], 5)).toEqual({ users: [], helps: [], longest_s: 0 });
  });
  it("puts new messages first and the freshly done before older ones", () => {
    const list = [
      message("done1", "done", 1),
      message("taken", "taken", 2),
      message("new2", "new", 9),
      message("done2", "done", 5),
      message("new1", "new", 3),
    ];
    expect(inOrder(list).map((one) => one.id)).toEqual(["new1", "new2", "taken", "done2", "done1"]);
  });
});

describe("my sessions", () => {
  const list = [session("b", 2), session("a", 1), session("over", 0, "closed")];
  it("stay in their places and lose what is over", () => {
    expect(mine(list).map((one) => one.id)).toEqual(["a", "b"]);
  });
  it("show the chosen one, else the newest", () => {
    expect(selected(mine(list), "a")?.id).toBe("a");
    expect(selected(mine(list), "gone")?.id).toBe("b");
    expect(selected([], "a")).toBeNull();
  });
  it("show a call that goes on before what was written later", () => {
    const call = (id: string, held = false) => ({ ...session(id, 1), room: { media: true, held } }) as SessionView;
    expect(selected([call("call"), session("text", 2)], "")?.id).toBe("call");
    expect(selected([call("held", true), session("text", 2)], "")?.id).toBe("text");
  });
  it("leave a call open when another is shown, unless something else holds its user", () => {
    const you = { id: "me", owner: true };
    const room = { media: true, held: false, passing_to: "" };
    const call = { id: "c", state: "active", you: "me", participants: [you], room, help: null } as unknown as SessionView;
    expect(leftOpen([call], "c")).toEqual([]);
    expect(leftOpen([call], "other")).toEqual(["c"]);
    for (const change of [
      { state: "after" },
      { room: { ...room, held: true } },
      { room: { ...room, media: false } },
      { room: { ...room, passing_to: "Suho" } },
      { help: { mode: "conference" } },
      { participants: [{ ...you, owner: false }] },
    ]) {
      expect(leftOpen([{ ...call, ...change } as SessionView], "other")).toEqual([]);
    }
  });
  it("are walked round", () => {
    expect(neighbour(mine(list), "b", 1)).toBe("a");
    expect(neighbour(mine(list), "a", -1)).toBe("b");
    expect(neighbour([], "a", 1)).toBe("");
  });
});

describe("my own state", () => {
  const me = (state: StaffMe["state"], ready = false) => ({ state, ready }) as StaffMe;
  it("switches where it may", () => {
    expect(nextState(me("available"))).toBe("away");
    expect(nextState(me("away"))).toBe("available");
    expect(nextState(me("wrap_up"))).toBe("available");
    expect(nextState(me("busy", true))).toBe("away");
    expect(nextState(me("busy"))).toBe("available");
    for (const state of ["reserved", "lost", "signed_out"] as const) expect(nextState(me(state))).toBeNull();
  });
  it("is away after this session if I chose so during it, until I change my mind", () => {
    const steps = [me("busy", true), me("busy"), me("wrap_up"), me("available", true), me("wrap_up")];
    let after = false;
    expect(steps.map((step) => (after = awayAfter(after, step)))).toEqual([false, true, true, false, false]);
  });
});
