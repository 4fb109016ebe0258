/** Maps the player's bar to moments of a recording, leaving out the gaps between its pieces. Pure; ms. */

export type Piece = readonly [begin: number, end: number];

export interface Timed {
  began: number;
  ended: number;
}

export const length = (pieces: readonly Piece[]): number => pieces.reduce((sum, [begin, end]) => sum + end - begin, 0);

/** Returns the moment (Unix ms) at `position`; the last one at or beyond the end. */
export function momentAt(pieces: readonly Piece[], position: number): number {
  let left = Math.max(0, position);
  for (const [begin, end] of pieces) {
    if (left < end - begin) return begin + left;
    left -= end - begin;
  }
  return pieces.at(-1)?.[1] ?? 0;
}

/** Returns a moment's position; for a moment in a gap, where the next piece begins. */
export function positionOf(pieces: readonly Piece[], moment: number): number {
  let before = 0;
  for (const [begin, end] of pieces) {
    if (moment < begin) return before;
    if (moment < end) return before + moment - begin;
    before += end - begin;
  }
  return before;
}

/** Returns the tracks that play now, or so soon that they should be fetched. */
export const near = <T extends Timed>(tracks: readonly T[], moment: number, ahead = 3000): T[] =>
  tracks.filter(({ began, ended }) => began - ahead <= moment && moment < ended);

export const plays = ({ began, ended }: Timed, moment: number): boolean => began <= moment && moment < ended;
