/** The form that a visitor fills in before a conversation. */
import type { FormFieldView } from "../messages";

/** Returns the required fields of the form into which the visitor has typed nothing. */
export const missingIn = (form: readonly FormFieldView[], typed: Readonly<Record<string, string>>): FormFieldView[] =>
  form.filter((field) => field.required && (typed[field.id] ?? "").trim() === "");
