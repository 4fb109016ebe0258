import { describe, expect, it } from "vitest";
import type { SendLine } from "../messages";
import { initialState, reduce, typingNow, type RoomEvent, type RoomState } from "./state";
import { aLine, aSession } from "./testing";

const after = (events: RoomEvent[], from: RoomState = initialState, now = 1000) =>
  events.reduce((state, event) => reduce(state, event, now), from);

const line = (seq: number, text = `line ${seq}`) => aLine(seq, { text, at: 1 });
const mine: SendLine = { type: "line", session: "s1", line: "mine", text: "안녕하세요" };

describe("lines", () => {
  it("stand in order, each once, whichever way they came", () => {
    const state = after([
      { type: "line", session: "s1", line: line(5) },
      { type: "lines", session: "s1", lines: [line(2), line(3), line(5)] },
      { type: "line", session: "s1", line: line(3) },
    ]);
    expect(state.lines.s1?.map((one) => one.seq)).toEqual([2, 3, 5]);
  });

  it("come as a page of the newest, then page by page before them", () => {
    const newest = after([
      { type: "line", session: "s1", line: line(13) },
      { type: "line_changed", session: "s1", line: { ...line(3), rev: 14 } },
      { type: "lines", session: "s1", lines: [line(11), line(12), line(13)], before: 0, more: true },
    ]);
    expect(newest.lines.s1?.map((one) => one.seq)).toEqual([11, 12, 13]);
    const page: RoomEvent = { type: "lines", session: "s1", lines: [line(3), line(9)], before: 11, more: true };
    const older = after([page, page], newest);
    expect(older.lines.s1?.map((one) => one.seq)).toEqual([3, 9, 11, 12, 13]);
    expect(older.older.s1).toBe(3);
    const whole = after([{ type: "lines", session: "s1", lines: [line(1)], before: 3 }], older);
    expect(whole.lines.s1?.map((one) => one.seq)).toEqual([1, 3, 9, 11, 12, 13]);
    expect(whole.older.s1).toBe(0);
  });

  it("that were not fetched yet stay out when they change, so that nothing between is missing", () => {
    const newest = after([{ type: "lines", session: "s1", lines: [line(11)], before: 0, more: true }]);
    const changed = after(
      [
        { type: "line_changed", session: "s1", line: { ...line(3), rev: 12 } },
        { type: "lines", session: "s1", lines: [{ ...line(4), rev: 13 }, line(14)] },
      ],
      newest,
    );
    expect(changed.lines.s1?.map((one) => one.seq)).toEqual([11, 14]);
  });

  it("of one's own are 'sending' until acknowledged, and then lines like any other", () => {
    const sending = after([
      { type: "session", session: aSession() },
      { type: "sending", line: mine },
    ]);
    expect(sending.outbox.s1?.map((one) => one.text)).toEqual(["안녕하세요"]);
    const sent = after([{ type: "ack", session: "s1", line: "mine", seq: 7, at: 2000 }], sending);
    expect(sent.outbox.s1).toEqual([]);
    expect(sent.lines.s1).toMatchObject([{ seq: 7, id: "mine", author: "p1", at: 2000, text: "안녕하세요" }]);
  });

  it("are shown once when the server sends both the line and its acknowledgement, in either order", () => {
    const own = { ...line(7), id: "mine", author: "p1" };
    const [ack, echo]: RoomEvent[] = [
      { type: "ack", session: "s1", line: "mine", seq: 7, at: 2 },
      { type: "line", session: "s1", line: own },
    ];
    for (const order of [
      [ack!, echo!],
      [echo!, ack!],
    ]) {
      const state = after([{ type: "sending", line: mine }, ...order]);
      expect(state.lines.s1).toHaveLength(1);
      expect(state.outbox.s1).toEqual([]);
    }
  });

  it("that are refused keep their reason until dismissed", () => {
    const refused = after([
      { type: "sending", line: mine },
      { type: "refused", line: mine, reason: "too_many" },
    ]);
    expect(refused.outbox.s1?.[0]?.refused).toBe("too_many");
    expect(after([{ type: "dismiss", session: "s1", line: "mine" }], refused).outbox.s1).toEqual([]);
  });
});

describe("typing", () => {
  it("ends with a line of that person, when they stop, or by itself", () => {
    const typing = after([{ type: "typing", session: "s1", participant: "p2", on: true }]);
    expect(typingNow(typing, "s1", 2000)).toEqual(["p2"]);
    expect(typingNow(typing, "s1", 20_000)).toEqual([]);
    expect(typingNow(after([{ type: "line", session: "s1", line: line(1) }], typing), "s1", 2000)).toEqual([]);
    expect(typingNow(after([{ type: "typing", session: "s1", participant: "p2", on: false }], typing), "s1", 2000)).toEqual([]);
  });
});

describe("connection and sessions", () => {
  it("keeps what was written over a return, and corrects the clock", () => {
    const state = after([
      { type: "line", session: "s1", line: line(1) },
      { type: "replaced", session: "s1" },
      { type: "welcome", now: 61_000 },
    ]);
    expect(state.lines.s1).toHaveLength(1);
    expect(state.replaced).toEqual({});
    expect(state.clockOffset).toBe(60_000);
  });

  it("replaces a session whole, and remembers why one is over", () => {
    const state = after([
      { type: "session", session: aSession({ state: "waiting" }) },
      { type: "session", session: aSession({ state: "active" }) },
      { type: "session_over", session: "s1", reason: "wrapped_up" },
    ]);
    expect(state.sessions.s1?.state).toBe("active");
    expect(state.over).toEqual({ s1: "wrapped_up" });
  });

  it("forgets who spoke when the room moves to another worker", () => {
    const speaking = after([
      { type: "session", session: aSession() },
      { type: "speaking", session: "s1", participants: ["p2"] },
      { type: "session", session: aSession({ rated: true }) },
    ]);
    expect(speaking.speaking.s1).toEqual(["p2"]);
    const moved = aSession();
    const state = after([{ type: "session", session: { ...moved, room: { ...moved.room!, epoch: 2 } } }], speaking);
    expect(state.speaking.s1).toBeUndefined();
  });

  it("stops ringing when a ring is over", () => {
    const ring = { type: "ring", reservation: "r1", kind: "user", session: "s1", expires_at: 1, waiting_since: 0 } as const;
    const rest = { site: "shop", category: "cameras", language: "ko", channel: "voice" } as const;
    const ringing = after([{ ...ring, ...rest }]);
    expect(ringing.rings).toHaveLength(1);
    const over = after([{ type: "ring_over", reservation: "r1", reason: "expired" }], ringing);
    expect(over.rings).toEqual([]);
    expect(over.lastRingOver?.reason).toBe("expired");
  });

  it("ignores a message it does not know", () => {
    expect(after([{ type: "from_the_future" } as unknown as RoomEvent])).toBe(initialState);
  });
});

describe("a place in line", () => {
  it("changes without the rest of the session", () => {
    const waiting = { place: 4, low_s: null, high_s: null, staffed: true, ringing: false, since: 1, asking_for: "" };
    const state = after([
      { type: "session", session: aSession() },
      { type: "waiting", session: "s1", waiting },
      { type: "waiting", session: "unknown", waiting },
    ]);
    expect(state.sessions.s1).toEqual({ ...aSession(), waiting });
    expect(Object.keys(state.sessions)).toEqual(["s1"]);
  });
});

describe("changes of lines", () => {
  const edit = { type: "edit_line", session: "s1", seq: 3, text: "better" } as const;
  const shown = after([{ type: "lines", session: "s1", lines: [line(3), line(4)] }]);

  it("are waited for, and gone when the changed line comes, which keeps its place", () => {
    const waiting = after([{ type: "sending", line: edit }], shown);
    expect(waiting.changes.s1).toEqual({ 3: { text: "better", refused: "" } });
    const done = after(
      [{ type: "line_changed", session: "s1", line: { ...line(3, "better"), rev: 5, change: "edited" } }],
      waiting,
    );
    expect(done.changes.s1).toEqual({});
    expect(done.lines.s1?.map((one) => one.text)).toEqual(["better", "line 4"]);
  });

  it("never give way to an older version of the line", () => {
    const newer = { ...line(3, "newer"), rev: 6 };
    const state = after([{ type: "lines", session: "s1", lines: [{ ...line(3, "older"), rev: 5 }, newer, line(3)] }], shown);
    expect(state.lines.s1?.map((one) => one.text)).toEqual(["newer", "line 4"]);
  });

  it("that were refused stay with their text until they are dismissed", () => {
    const refused = after(
      [
        { type: "sending", line: edit },
        { type: "refused", line: edit, reason: "too_late" },
      ],
      shown,
    );
    expect(refused.changes.s1).toEqual({ 3: { text: "better", refused: "too_late" } });
    expect(after([{ type: "dismiss", session: "s1", line: 3 }], refused).changes.s1).toEqual({});
  });
});
