import { describe, expect, it } from "vitest";
import en from "../../staff/en.json";
import { actionOf, BINDINGS, keyLabel, sendsForm, writingKeys, type Press } from "./keys";

const press = (code: string, over: Partial<Press> = {}): Press => ({
  code,
  key: "",
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
  ...over,
});
const free = { typing: false, onControl: false, dialogOpen: false };

describe("keys", () => {
  it("each has its words in the list", () => {
    for (const { action } of BINDINGS) expect(en).toHaveProperty([`key.${action}`]);
  });

  it("name the system's own emoji list where the system has a key for it", () => {
    const emoji = (userAgent: string) => writingKeys(userAgent).find(([key]) => key === "emoji")?.[1];
    expect(emoji("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)")).toBe("⌃ ⌘ Space");
    expect(emoji("Mozilla/5.0 (Windows NT 10.0; Win64; x64)")).toBe("⊞ .");
    expect(emoji("Mozilla/5.0 (X11; Linux x86_64)")).toBeUndefined();
  });

  it("no two actions share one", () => {
    expect(new Set(BINDINGS.map((one) => `${one.shift ?? false} ${one.alt ?? false} ${one.code}`)).size).toBe(BINDINGS.length);
    expect(new Set(BINDINGS.map((one) => one.label)).size).toBe(BINDINGS.length);
  });
  it("work by place, whatever the keyboard types", () => {
    expect(actionOf(press("KeyM", { key: "ㅡ" }), free)).toBe("mic");
  });
  it("sleep while typing, composing, in a dialog, with a modifier, and while held", () => {
    expect(actionOf(press("KeyM"), { ...free, typing: true })).toBeNull();
    expect(actionOf(press("KeyM"), { ...free, dialogOpen: true })).toBeNull();
    expect(actionOf(press("KeyM", { isComposing: true }), free)).toBeNull();
    expect(actionOf(press("KeyM", { ctrlKey: true }), free)).toBeNull();
    expect(actionOf(press("KeyM", { repeat: true }), free)).toBeNull();
  });
  it("Enter accepts, but a focused button keeps its own Enter", () => {
    expect(actionOf(press("Enter"), free)).toBe("accept");
    expect(actionOf(press("Enter"), { ...free, onControl: true })).toBeNull();
  });
  it("Alt+Enter accepts while somebody writes, but not inside a syllable or a dialog", () => {
    const alt = press("Enter", { altKey: true });
    expect(actionOf(alt, { ...free, typing: true })).toBe("accept_writing");
    expect(actionOf(alt, { ...free, onControl: true })).toBe("accept_writing");
    expect(actionOf({ ...alt, isComposing: true }, { ...free, typing: true })).toBeNull();
    expect(actionOf(alt, { ...free, dialogOpen: true })).toBeNull();
    expect(actionOf(press("KeyM", { altKey: true }), free)).toBeNull();
  });
  it("Ctrl+Enter sends a form, Enter alone does not", () => {
    const enter = { key: "Enter", ctrlKey: false, metaKey: false, isComposing: false };
    expect(sendsForm(enter)).toBe(false);
    expect(sendsForm({ ...enter, ctrlKey: true })).toBe(true);
    expect(sendsForm({ ...enter, metaKey: true })).toBe(true);
    expect(sendsForm({ ...enter, ctrlKey: true, isComposing: true })).toBe(false);
  });
  it("ending needs Shift, so that no slip ends a call", () => {
    expect(actionOf(press("KeyE"), free)).toBeNull();
    expect(actionOf(press("KeyE", { shiftKey: true }), free)).toBe("end");
  });
  it("? lists them on any layout", () => {
    expect(actionOf(press("Minus", { key: "?", shiftKey: true }), free)).toBe("keys");
    expect(keyLabel("keys")).toBe("?");
  });
});
