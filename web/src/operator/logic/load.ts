/** How much of a staff member's capacity is in use, as parts of a text: "2 of 3 texts, in a call". */
import type { StaffItem } from "../../messages";

export interface LoadPart {
  key: "load.texts" | "load.calls" | "load.in_call";
  n: number;
  most: number;
}

type Load = Pick<StaffItem, "texts" | "calls" | "most_texts" | "most_calls">;

/** Leaves out a medium that they neither take nor have. Whoever takes one call at a time is "in a call", or nothing is said. */
export function loadOf({ texts, calls, most_texts, most_calls }: Load): LoadPart[] {
  const parts: LoadPart[] = [];
  if (texts > 0 || most_texts > 0) parts.push({ key: "load.texts", n: texts, most: most_texts });
  if (calls === 1 && most_calls === 1) parts.push({ key: "load.in_call", n: calls, most: most_calls });
  else if (calls > 0 || most_calls > 1 || most_texts === 0) parts.push({ key: "load.calls", n: calls, most: most_calls });
  return parts;
}
