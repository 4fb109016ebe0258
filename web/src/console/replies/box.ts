/** The message box as saved replies use it: where the caret is, and writing as if somebody typed. */
import { useEffect, useState } from "preact/hooks";
import type { Box } from "../../room/composer";

/** Returns where the caret is; -1 while the box is not focused or has a selection. */
export function useCaret(box: Box): number {
  const [caret, setCaret] = useState(-1);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const read = () => {
      const here = document.activeElement === element && element.selectionStart === element.selectionEnd;
      setCaret(here ? element.selectionEnd : -1);
    };
    const events = ["input", "keyup", "click", "focus", "blur"] as const;
    for (const event of events) element.addEventListener(event, read);
    document.addEventListener("selectionchange", read);
    return () => {
      for (const event of events) element.removeEventListener(event, read);
      document.removeEventListener("selectionchange", read);
    };
  }, []);
  return caret;
}

/** Replaces the characters `from` to `to`. */
export function write(element: HTMLTextAreaElement, from: number, to: number, words: string): void {
  element.focus();
  element.setSelectionRange(from, to);
  // oxlint-disable-next-line typescript/no-deprecated -- the only way that the browser's undo (Ctrl+Z) knows of
  if (document.execCommand("insertText", false, words)) return;
  element.setRangeText(words, from, to, "end");
  element.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
