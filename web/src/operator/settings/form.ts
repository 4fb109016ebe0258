/** Changes the fields of the form that visitors fill in before a conversation. Pure. */
import type { FormField } from "./api";

/** Returns a new empty field, with an id that no other field of the form has. */
export function newField(form: readonly FormField[]): FormField {
  let n = form.length + 1;
  while (form.some((one) => one.id === `q${n}`)) n += 1;
  return { id: `q${n}`, names: {}, kind: "line", required: false, choices: [] };
}

/** Returns the form with the field at position `n` moved up (-1) or down (1). */
export function swapped(form: readonly FormField[], n: number, by: number): FormField[] {
  const found = [...form];
  const [one, other] = [found[n], found[n + by]];
  if (one && other) [found[n], found[n + by]] = [other, one];
  return found;
}

/** Returns a text without the empty lines at its end. */
export const withoutEnd = (text: string): string => text.replace(/\n+$/, "");

/** Returns the names of a field's choices in one language, one on each line. The text has no empty lines for choices at the end
 *  that have no name in this language yet. So somebody who clicks into the field begins with the first choice that needs a
 *  name. */
export const choicesText = (choices: readonly Record<string, string>[], language: string): string =>
  withoutEnd(choices.map((one) => one[language] ?? "").join("\n"));

/** Returns the choices with the names that somebody has typed in one language. The n-th line of the typed text names the n-th
 *  choice. Choices at the end that have no name in any language are left out. */
export function choicesOf(choices: readonly Record<string, string>[], language: string, text: string): Record<string, string>[] {
  const lines = text.split("\n");
  const count = Math.max(lines.length, choices.length);
  const found = Array.from({ length: count }, (_, n) => ({ ...choices[n], [language]: lines[n] ?? "" }));
  const last = found.findLastIndex((one) => Object.values(one).some((name) => name !== ""));
  return found.slice(0, last + 1);
}
