/** The two waits (s) after which a waiting request is offered to more staff, as a text such as "15 30". Pure. */

/** The result of `widensOf` for a text that is not two numbers. The server refuses this value, so that a mistyped text is not
 *  lost silently. */
const REFUSED = [-1, -1];

/** Returns the two waiting times (s) that a text contains; null for an empty text. */
export function widensOf(text: string): number[] | null {
  if (text.trim() === "") return null;
  return /^\s*\d+[\s,]+\d+\s*$/.test(text)
    ? text
        .trim()
        .split(/[\s,]+/)
        .map(Number)
    : REFUSED;
}

export const widensText = (widens: number[] | null): string => (widens ?? []).join(" ");
