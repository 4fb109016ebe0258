import { describe, expect, it } from "vitest";
import { actionOf, type KeyPress, TOOLS } from "./tools";

const press = (code: string, more: Partial<KeyPress> = {}): KeyPress => ({
  code,
  key: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  isComposing: false,
  ...more,
});

describe("keys of the board", () => {
  it("choose every tool, also while a Korean keyboard types Hangul", () => {
    expect(TOOLS.map(([, key]) => actionOf(press(`Key${key}`, { key: "ㅍ" })))).toEqual(TOOLS.map(([tool]) => ({ tool })));
    expect(new Set(TOOLS.map(([, key]) => key)).size).toBe(TOOLS.length);
  });

  it.each<[string, KeyPress, unknown]>([
    ["undo", press("KeyZ", { ctrlKey: true }), { do: "undo" }],
    ["redo", press("KeyZ", { metaKey: true, shiftKey: true }), { do: "redo" }],
    ["delete", press("Delete"), { do: "delete" }],
    ["duplicate, instead of the browser's bookmark", press("KeyD", { ctrlKey: true }), { do: "duplicate" }],
    ["nudge", press("ArrowLeft"), { nudge: [-4, 0] }],
    ["nudge far", press("ArrowDown", { shiftKey: true }), { nudge: [0, 40] }],
    ["enlarge", press("Equal", { key: "+", shiftKey: true }), { do: "larger" }],
    ["turn pages", press("PageDown"), { do: "next" }],
  ])("%s", (_, key, action) => {
    expect(actionOf(key)).toEqual(action);
  });

  it("leave what is being composed, and the browser's own keys", () => {
    expect(actionOf(press("Delete", { isComposing: true }))).toBeNull();
    expect(actionOf(press("KeyR", { ctrlKey: true }))).toBeNull();
    expect(actionOf(press("KeyP", { altKey: true }))).toBeNull();
  });
});
