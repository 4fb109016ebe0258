import { describe, expect, it } from "vitest";
import type { Line, SessionView } from "../../messages";
import { aSession } from "../../room/testing";
import { inWaitingOrder, newsTitle, pitchOf, steady, unread, waitsSince } from "./news";

const said = (seq: number, role: Line["role"], changes: Partial<Line> = {}) =>
  ({ seq, at: seq * 1_000, role, author: role, kind: "text", audience: "all", ...changes }) as Line;
const written = (id: string, changes: Partial<SessionView> = {}) =>
  aSession({ id, you: "counselor", channel: "text", room: null, ...changes });

describe("who waits for my answer", () => {
  it("waits since the first line that nobody answered", () => {
    expect(waitsSince(written("a"), [said(1, "user"), said(2, "counselor"), said(3, "user"), said(4, "user")])).toBe(3_000);
    expect(waitsSince(written("a"), [said(1, "user"), said(2, "counselor")])).toBeNull();
    expect(waitsSince(written("a"), [])).toBeNull();
  });
  it("is not answered by a note among staff or a system line", () => {
    const lines = [said(1, "user"), said(2, "counselor", { audience: "staff" }), said(3, "system", { kind: "system" })];
    expect(waitsSince(written("a"), lines)).toBe(1_000);
  });
  it("does not wait in a call that goes on, but on hold", () => {
    const call = aSession();
    expect(waitsSince(call, [said(1, "user")])).toBeNull();
    expect(waitsSince({ ...call, room: { ...call.room!, held: true } }, [said(1, "user")])).toBe(1_000);
  });
  it("comes first in the list; finished sessions come last", () => {
    const sessions = [
      written("over", { state: "after", started_at: 0 }),
      written("answered", { started_at: 1 }),
      written("newest", { started_at: 2 }),
      written("longest", { started_at: 3 }),
    ];
    const lines = { newest: [said(9, "user")], longest: [said(4, "user")], over: [said(1, "user")] };
    expect(inWaitingOrder(sessions, lines).map((one) => one.id)).toEqual(["longest", "newest", "answered", "over"]);
  });
  it("keeps its place while the pointer is over the list", () => {
    const list = ["c", "a", "b"].map((id) => written(id));
    expect(steady(["a", "b"], list).map((one) => one.id)).toEqual(["a", "b", "c"]);
    expect(steady([], list).map((one) => one.id)).toEqual(["c", "a", "b"]);
  });
});

describe("what is unread", () => {
  it("is every line of others after the last one in front of me", () => {
    const lines = [said(1, "user"), said(2, "user"), said(3, "counselor"), said(4, "system", { kind: "system" })];
    expect(unread(written("a"), lines, 1).map((line) => line.seq)).toEqual([2]);
    expect(unread(written("a"), lines, 4)).toEqual([]);
  });
  it("is counted in the title, with the name of who waits longest", () => {
    expect(newsTitle("Console", 0, "")).toBe("Console");
    expect(newsTitle("Console", 2, "Minji")).toBe("(2) Minji · Console");
    expect(newsTitle("Console", 120, "Minji")).toBe("(99+) Minji · Console");
  });
  it("sounds at the same pitch for the same session", () => {
    expect(pitchOf("s-123")).toBe(pitchOf("s-123"));
    expect(new Set(["a", "b", "c", "d", "e"].map(pitchOf)).size).toBeGreaterThan(1);
  });
});
