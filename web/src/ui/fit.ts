/** Shortens a field's text to the field's limit. Fields load this code only when a text might be too long, which is rare. */
import { cut } from "./cut";

const count = (text: string): number => [...new Intl.Segmenter().segment(text)].length;

/** Returns a field's shortened text, and the position of the caret in it, after somebody has typed or pasted more than fits.
 *  Removes the end of the new part, which is before the caret. The text behind the caret was there already. */
export const fitted = (text: string, caret: number, most: number): [text: string, caret: number] => {
  if (cut(text, most) === text) return [text, caret];
  const behind = cut(text.slice(caret), most);
  const before = cut(text.slice(0, caret), most - count(behind));
  return [before + behind, before.length];
};

/** Shortens a field's text to `most` visible characters. Sends an input event, as if the person had shortened the text. */
export function fit(box: HTMLInputElement | HTMLTextAreaElement, most: number): void {
  const [text, caret] = fitted(box.value, box.selectionStart ?? box.value.length, most);
  if (text === box.value) return;
  box.value = text;
  if (box.selectionStart !== null) box.setSelectionRange(caret, caret);
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
