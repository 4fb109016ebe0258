/** Describes how much of a staff member's capacity is in use, as parts of a text: "2 of 3 texts, in a call". */
import type { StaffItem } from "../../messages";

export interface LoadPart {
  key: "load.texts" | "load.calls" | "load.in_call" | "load.left_page";
  n: number;
  most: number;
}

type Load = Pick<StaffItem, "sessions" | "texts" | "calls" | "most_texts" | "most_calls">;

/** Returns the parts of the text that says how busy a member of staff is:
 *  - the number of text sessions, unless the member takes no text sessions and has none;
 *  - "in a call", if the member is in one call and takes one call at a time;
 *  - otherwise the number of calls, if the member has any, takes several at a time, or takes no text sessions;
 *  - the number of sessions whose visitor has left the page, if there are any. */
export function loadOf({ sessions, texts, calls, most_texts, most_calls }: Load): LoadPart[] {
  const parts: LoadPart[] = [];
  if (texts > 0 || most_texts > 0) parts.push({ key: "load.texts", n: texts, most: most_texts });
  if (calls === 1 && most_calls === 1) parts.push({ key: "load.in_call", n: calls, most: most_calls });
  else if (calls > 0 || most_calls > 1 || most_texts === 0) parts.push({ key: "load.calls", n: calls, most: most_calls });
  const absent = sessions - texts - calls;
  if (absent > 0) parts.push({ key: "load.left_page", n: absent, most: 0 });
  return parts;
}
