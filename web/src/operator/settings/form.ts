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

/** Returns the names of a field's choices in one language, one on each line. */
export const choicesText = (choices: readonly Record<string, string>[], language: string): string =>
  choices
    .map((one) => one[language] ?? "")
    .join("\n")
    .replace(/\n+$/, (end) => end.slice(0, choices.length));

/** Returns the choices after somebody typed them in one language, one on each line. The n-th line names the n-th choice. */
export function choicesOf(choices: readonly Record<string, string>[], language: string, text: string): Record<string, string>[] {
  const lines = text.split("\n");
  const count = Math.max(lines.length, choices.length);
  const found = Array.from({ length: count }, (_, n) => ({ ...choices[n], [language]: lines[n] ?? "" }));
  return found.filter((one, n) => n < lines.length || Object.values(one).some((name) => name !== ""));
}
