import { describe, expect, it } from "vitest";
import type { Caption } from "../../messages";
import { hear, misses, NOTHING, prune, STAYS_MS, textOf, translationOf } from "./heard";

const caption = (more: Partial<Caption>): Caption => ({
  type: "caption",
  session: "s",
  participant: "u",
  utterance: 1,
  text: "good morning",
  final: false,
  ...more,
});

describe("captions", () => {
  it("replaces a draft by the words of the whole utterance", () => {
    const draft = hear(NOTHING, caption({ text: "good more" }), 0);
    expect(textOf(draft.u)).toBe("good more");
    const whole = hear(draft, caption({ text: "good morning", final: true }), 1000);
    expect(textOf(whole.u)).toBe("good morning");
  });

  it("shows the next utterance behind the last one, and at most three", () => {
    let heard = NOTHING;
    for (const [utterance, text] of ["one", "two", "three", "four"].entries())
      heard = hear(heard, caption({ utterance, text, final: true }), utterance);
    expect(textOf(heard.u)).toBe("two three four");
  });

  it("shows a translation beside the words, at their place", () => {
    const said = hear(hear(NOTHING, caption({ final: true }), 0), caption({ utterance: 2, text: "and you", final: true }), 1);
    const translated = hear(said, caption({ final: true, translation: "안녕하세요", translated_to: "ko" }), 2);
    expect([textOf(translated.u), translationOf(translated.u)]).toEqual(["good morning and you", "안녕하세요"]);
  });

  it("removes a draft that turned out to hold no words", () => {
    const heard = hear(hear(NOTHING, caption({ text: "uh" }), 0), caption({ text: "", final: true }), 10);
    expect(textOf(heard.u)).toBe("");
  });

  it("keeps each person's words apart", () => {
    const heard = hear(hear(NOTHING, caption({}), 0), caption({ participant: "c", text: "hello" }), 0);
    expect([textOf(heard.u), textOf(heard.c), textOf(heard.x)]).toEqual(["good morning", "hello", ""]);
  });

  it("takes finished words away in time, and a draft later", () => {
    const heard = hear(hear(NOTHING, caption({ final: true }), 0), caption({ utterance: 2, text: "and" }), 0);
    expect(prune(heard, STAYS_MS - 1)).toBe(heard);
    expect(textOf(prune(heard, STAYS_MS).u)).toBe("and");
    expect(prune(heard, 60_000)).toEqual({});
  });

  it("says for a while that words are missing, and keeps those that came", () => {
    const heard = hear(hear(NOTHING, caption({ final: true }), 0), caption({ text: "", utterance: 0, lost: true }), 5);
    expect(misses(heard)).toBe(true);
    expect(textOf(heard.u)).toBe("good morning");
    expect(misses(prune(heard, 60_000))).toBe(false);
  });
});
