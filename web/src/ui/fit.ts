/** Keeps what is typed into a field within its limit. Fields load this file when a text may be too long, which is rare. */
import { cut } from "./cut";

const count = (text: string): number => [...new Intl.Segmenter().segment(text)].length;

/** Returns the text of a field after more was typed or pasted than fits, and where the caret then is. What goes is the end of the
 *  new part, before the caret: the text behind the caret was there before. */
export const fitted = (text: string, caret: number, most: number): [text: string, caret: number] => {
  if (cut(text, most) === text) return [text, caret];
  const behind = cut(text.slice(caret), most);
  const before = cut(text.slice(0, caret), most - count(behind));
  return [before + behind, before.length];
};

/** Shortens a field's text to `most` visible characters, and tells the page as if the person had done it. */
export function fit(box: HTMLInputElement | HTMLTextAreaElement, most: number): void {
  const [text, caret] = fitted(box.value, box.selectionStart ?? box.value.length, most);
  if (text === box.value) return;
  box.value = text;
  if (box.selectionStart !== null) box.setSelectionRange(caret, caret);
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
