/** Reconstructs lines as they were at an earlier moment. Pure. */

import type { Line } from "../../messages";

/** Returns the line as it was at `moment` (ms); null if it was written later. */
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

/** Returns the lines that existed at `moment`, as they were at that moment. */
export const linesAsOf = (lines: Line[], moment: number): Line[] =>
  moment === Infinity ? lines : lines.map((line) => asOf(line, moment)).filter((line) => line !== null);

/** Returns how many lines were written until `moment`, plus how often lines were changed until then. If this number is the same
 *  for two moments, the result of `linesAsOf` is the same, too. */
export const turns = (lines: Line[], moment: number): number =>
  lines.reduce((sum, { at, former }) => sum + Number(at <= moment) + former.filter(({ until }) => until <= moment).length, 0);
