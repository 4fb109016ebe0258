/** Lines as they were at an earlier moment. Pure. */

import type { Line } from "../../messages";

/** Return the line as it was at that moment (ms); null before it was written. */
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

/** Return the lines that there were at that moment, as they were. */
export const linesAsOf = (lines: Line[], moment: number): Line[] =>
  moment === Infinity ? lines : lines.map((line) => asOf(line, moment)).filter((line) => line !== null);

/** Return how often the lines had changed by that moment: between two of these moments they are the same. */
export const turns = (lines: Line[], moment: number): number =>
  lines.reduce((sum, { at, former }) => sum + Number(at <= moment) + former.filter(({ until }) => until <= moment).length, 0);
