/** The functions of the message box that menus need: the position of the caret, and a way to write as if the person typed. */
import { useEffect, useState } from "preact/hooks";
import type { Box } from "../room/composer";

/** Returns the position of the caret in the message box; -1 while the box has no focus, or text in it is selected. */
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

/** Replaces the characters of the message box from index `from` up to `to` with `words`, as if the person had typed them. */
export function write(element: HTMLTextAreaElement, from: number, to: number, words: string): void {
  element.focus();
  element.setSelectionRange(from, to);
  // oxlint-disable-next-line typescript/no-deprecated -- only this old function lets people undo the change with Ctrl+Z
  if (document.execCommand("insertText", false, words)) return;
  element.setRangeText(words, from, to, "end");
  element.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
