import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RequestMessage } from "../room/connection";
import { Drafts } from "./drafts";

/** Returns `Drafts` with a fake server. The fake server accepts everything, unless the test makes it unreachable. */
function desk(kept = new Map<string, string>()) {
  const sent: string[] = [];
  const server = { away: false };
  const ask = (message: RequestMessage) => {
    if (server.away) return Promise.reject(new Error("offline"));
    sent.push((message as { notes: string }).notes);
    return Promise.resolve(null);
  };
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  return { drafts: new Drafts(ask, storage), sent, server, kept };
}

const settle = () => vi.advanceTimersByTimeAsync(400);
const text = (drafts: Drafts) => drafts.state.get().s1?.text;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("notes", () => {
  it("reach the server a moment after the last key, whole and once", async () => {
    const { drafts, sent } = desk();
    for (const typed of ["교", "교환", "교환 안내"]) drafts.type("s1", typed, "resolved", []);
    expect(sent).toEqual([]);
    await settle();
    expect(sent).toEqual(["교환 안내"]);
    drafts.send("s1");
    expect(sent).toHaveLength(1);
  });

  it("typed while offline are kept in the tab, over a reload, and sent when there is a connection", async () => {
    const first = desk();
    first.server.away = true;
    first.drafts.type("s1", "배터리", "", []);
    await settle();
    const second = desk(first.kept);
    expect(text(second.drafts)).toBe("배터리");
    second.drafts.send("s1");
    await settle();
    expect(second.sent).toEqual(["배터리"]);
    expect(JSON.parse(second.kept.get("sangdam.notes")!)).toEqual({});
  });

  it("give way to what another tab wrote later, never to what is older", async () => {
    const { drafts } = desk();
    drafts.type("s1", "나", "", []);
    const told = (notes: string, outcome = "", tags: string[] = []) => drafts.told("s1", { notes, outcome, tags });
    told("가");
    expect(text(drafts)).toBe("나");
    await settle();
    told("나");
    expect(text(drafts)).toBe("나");
    told("나다");
    expect(text(drafts)).toBeUndefined();
    drafts.type("s1", "나", "resolved", ["vip"]);
    await settle();
    told("나", "resolved", ["vip"]);
    expect(text(drafts)).toBe("나");
    told("나", "resolved", []);
    expect(text(drafts)).toBeUndefined();
  });

  it("are not sent once they were saved by hand", async () => {
    const { drafts, sent } = desk();
    drafts.type("s1", "끝", "", []);
    drafts.forget("s1");
    await settle();
    expect(sent).toEqual([]);
  });

  it("of twenty sessions are kept", () => {
    const { drafts } = desk();
    for (let n = 0; n < 25; n++) drafts.type(`s${n}`, "x", "", []);
    expect(Object.keys(drafts.state.get())).toHaveLength(20);
    expect(drafts.state.get().s4).toBeUndefined();
  });
});
