import { beforeEach, describe, expect, it } from "vitest";
import type { Line, WaitingView } from "../messages";
import { aLine, aSession } from "../room/testing";
import { setLocale } from "../ui/i18n";
import { newestAt, pillText, placeText, screenOf, unread } from "./standing";
import { rangeText, refusalText } from "./words";

const waiting = (changes: Partial<WaitingView> = {}): WaitingView => ({
  place: 2,
  low_s: null,
  high_s: null,
  staffed: true,
  ringing: false,
  since: 0,
  asking_for: "",
  ...changes,
});
const inLine = (changes: Partial<WaitingView> = {}) => aSession({ state: "waiting", channel: "text", waiting: waiting(changes) });
const line = (changes: Partial<Line>) => aLine(1, { at: 0, text: "hi", ...changes });

beforeEach(() => setLocale("ko"));

describe("where a text session stands", () => {
  it("shows one screen for each state", () => {
    expect(
      (["preparing", "waiting", "active", "after", "closed", "message_left"] as const).map((state) =>
        screenOf(aSession({ state })),
      ),
    ).toEqual(["waiting", "waiting", "room", "after", "after", "after"]);
    expect(screenOf(aSession({ owner_lost: true }))).toBe("lost");
    const callback = {
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
    expect(screenOf(aSession({ state: "callback", callback: { ...callback, state: "scheduled" } }))).toBe("callback");
    expect(screenOf(aSession({ callback }))).toBe("called");
    expect(screenOf(aSession({ callback: { ...callback, came: true } }))).toBe("room");
  });

  it("tells the place in line on the folded pill, with a range only when there is one", () => {
    expect(pillText(inLine(), 0)).toBe("대기 2번째");
    expect(pillText(inLine({ low_s: 90, high_s: 240 }), 0)).toBe("대기 2번째 · 2–4분");
    expect(pillText(inLine({ ringing: true }), 0)).toBe("상담사를 부르고 있어요");
  });

  it("tells of new messages first, but of the end before all", () => {
    expect(pillText(aSession(), 3)).toBe("새 메시지 3개");
    expect(pillText(aSession({ state: "after" }), 3)).toBe("상담이 끝났어요");
  });

  it("is honest when nobody is there", () => {
    expect(placeText(inLine({ staffed: false, place: 1 }))).toBe("지금은 자리에 있는 상담사가 없어요.");
    expect(placeText(inLine({ asking_for: "Jimin", ringing: true }))).toBe("지난번에 상담한 Jimin 님이 가능한지 보고 있어요");
    expect(placeText(inLine({ place: 1, low_s: 10, high_s: 40 }))).toBe("다음 차례예요 · 예상 대기 약 1분");
  });

  it("counts lines of others that were not seen", () => {
    const lines = [
      line({ seq: 1 }),
      line({ seq: 2, author: "p1" }),
      line({ seq: 3 }),
      line({ seq: 4, role: "system", author: "" }),
      line({ seq: 5 }),
    ];
    expect(unread(lines, "p1", 1)).toBe(2);
  });
});

describe("the panel's words", () => {
  it("never show a reason's key", () => {
    for (const reason of ["expired", "replayed", "internal", "network"] as const) expect(refusalText(reason)).toMatch(/[가-힣]/);
  });

  it("give no range without an upper end", () => {
    expect(rangeText(null, null)).toBe("");
    expect(rangeText(0, 30)).toBe("약 1분");
  });

  it("knows when the newest thing came that a visitor waits for", () => {
    const session = aSession({ state: "waiting", active_at: null });
    const own = line({ author: session.you, role: "user", at: 9000 });
    const joined = line({ role: "system", kind: "system", author: "", at: 9000 });
    expect(newestAt([own, joined], session)).toBe(0);
    expect(newestAt([line({ at: 5000 }), own], session)).toBe(5000);
    expect(newestAt([own], aSession({ active_at: 7000 }))).toBe(7000);
  });
});
