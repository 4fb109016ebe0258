import { describe, expect, it } from "vitest";
import { modeSpans } from "./modes";

const said = (text: string, at: number, args: Record<string, string> = {}) => ({ kind: "system" as const, text, at, args });

describe("the modes of a session over time", () => {
  it("is one span for two people", () => {
    expect(modeSpans([said("joined", 0)], 0, 100)).toEqual([{ mode: "pair", from: 0, to: 100 }]);
  });
  it("follows every switch until the professional leaves", () => {
    const lines = [
      said("mode.consultation", 10),
      said("mode.whisper", 30),
      said("mode.conference", 40),
      said("left", 70, { role: "professional" }),
    ];
    expect(modeSpans(lines, 0, 100)).toEqual([
      { mode: "pair", from: 0, to: 10 },
      { mode: "consultation", from: 10, to: 30 },
      { mode: "whisper", from: 30, to: 40 },
      { mode: "conference", from: 40, to: 70 },
      { mode: "pair", from: 70, to: 100 },
    ]);
  });
  it("a switch of hearing only is no new span, and a hand-over ends it", () => {
    expect(
      modeSpans([said("mode.conference", 10), said("mode.conference", 20), said("handed_over", 50)], 0, 60).map(
        (one) => one.mode,
      ),
    ).toEqual(["pair", "conference", "pair"]);
  });
  it("ignores what people wrote, and unknown modes", () => {
    expect(modeSpans([{ kind: "text", text: "mode.whisper", at: 5, args: {} }, said("mode.shout", 6)], 0, 9)).toHaveLength(1);
  });
});
