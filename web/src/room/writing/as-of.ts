/** Reconstructs lines as they were at an earlier moment. Pure. */

import type { Line } from "../../messages";

/** Return the line as it was at `moment` (ms); null if it was written later. */
export function asOf(line: Line, moment: number): Line | null {
  if (line.at > moment) return null;
  const then = line.former.findIndex((former) => former.until > moment);
  const said = line.former[then];
  if (!said) return line;
  return {
    ...line,
    text: said.text,
    picture: said.picture,
    change: then > 0 ? "edited" : "",
    former: line.former.slice(0, then),
  };
}

/** Return the lines that existed at `moment`, as they were then. */
export const linesAsOf = (lines: Line[], moment: number): Line[] =>
  moment === Infinity ? lines : lines.map((line) => asOf(line, moment)).filter((line) => line !== null);

/** Return how often lines had been written or changed by `moment`. If this number is the same for two moments, so is the
 *  result of `linesAsOf`. */
export const turns = (lines: Line[], moment: number): number =>
  lines.reduce((sum, { at, former }) => sum + Number(at <= moment) + former.filter(({ until }) => until <= moment).length, 0);
