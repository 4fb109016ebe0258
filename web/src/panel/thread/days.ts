/** Groups the lines of a conversation by day, and finds the open text conversation among several. Pure. */

import type { Line } from "../../messages";
import type { Item } from "./api";

export interface Day {
  /** When the day begins in this browser's time zone (ms since 1970). */
  at: number;
  lines: Line[];
}

/** Returns the days on which lines were written, in order. */
export function daysOf(lines: readonly Line[]): Day[] {
  const days: Day[] = [];
  for (const line of lines) {
    const at = new Date(line.at).setHours(0, 0, 0, 0);
    const last = days.at(-1);
    if (last?.at === at) last.lines.push(line);
    else days.push({ at, lines: [line] });
  }
  return days;
}

/** Returns the open text conversation that began last; undefined if none is open. */
export const openText = (items: readonly Item[]): Item | undefined =>
  items.find(({ open, channel }) => open && channel === "text");
