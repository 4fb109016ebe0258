/** Finds and replaces the variables in saved replies, such as `{user.name}`. Pure. */
import type { Brief, Provenance } from "../../messages";
import { briefField } from "../format";

export const VARIABLES = ["user.name", "product.name", "counselor.name"] as const;
export type Variable = (typeof VARIABLES)[number];

export interface Value {
  text: string;
  provenance: Provenance;
}

/** Variable → its value in the present session; variables without a known value are missing. */
export type Values = Partial<Record<Variable, Value>>;

export interface Unsettled {
  variable: Variable;
  /** The variable's value that the page knows, but for which nobody vouches; null if the page knows no value. */
  value: Value | null;
}

const PLACES = /\{(user\.name|product\.name|counselor\.name)\}/g;

export function valuesOf(brief: Brief | null, counselor: string): Values {
  const values: Values = { "counselor.name": { text: counselor, provenance: "signed" } };
  for (const [variable, name] of [
    ["user.name", "user_name"],
    ["product.name", "product_name"],
  ] as const) {
    const field = briefField(brief, name);
    if (field !== null && field.value !== "") values[variable] = { text: field.value, provenance: field.provenance };
  }
  return values;
}

/** Replaces variables by values that somebody vouches for. A variable stays in the text if its value is unknown, or if nobody
 *  vouches for the value. */
export function filled(text: string, values: Values): string {
  return text.replace(PLACES, (place, variable: Variable) => {
    const value = values[variable];
    return value === undefined || value.provenance === "claimed" ? place : value.text;
  });
}

/** Returns the variables that are still in the text. The console does not send a line with such a variable. */
export function unsettled(text: string, values: Values): Unsettled[] {
  const left = new Set([...text.matchAll(PLACES)].map(([, variable]) => variable as Variable));
  return [...left].map((variable) => ({ variable, value: values[variable] ?? null }));
}

/** Replaces a variable by `words`. If `words` is empty, also removes one space directly after the variable. */
export function settled(text: string, variable: Variable, words: string): string {
  const place = `{${variable}}`;
  return words === "" ? text.replaceAll(`${place} `, "").replaceAll(place, "") : text.replaceAll(place, () => words);
}
