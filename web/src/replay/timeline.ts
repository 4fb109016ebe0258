/** Converts between positions on the player's bar and moments of a recording. The bar has no gaps between the pieces of the
 *  recording. Pure. Positions and moments are in ms. */

export type Piece = readonly [begin: number, end: number];

export interface Timed {
  began: number;
  ended: number;
}

export const length = (pieces: readonly Piece[]): number => pieces.reduce((sum, [begin, end]) => sum + end - begin, 0);

/** Returns the moment (Unix ms) at a position of the player's bar. At or beyond the end, returns the recording's last moment. */
export function momentAt(pieces: readonly Piece[], position: number): number {
  let left = Math.max(0, position);
  for (const [begin, end] of pieces) {
    if (left < end - begin) return begin + left;
    left -= end - begin;
  }
  return pieces.at(-1)?.[1] ?? 0;
}

/** Returns the position of a moment on the player's bar. For a moment in a gap of the recording, returns the position at which
 *  the next recorded piece begins. */
export function positionOf(pieces: readonly Piece[], moment: number): number {
  let before = 0;
  for (const [begin, end] of pieces) {
    if (moment < begin) return before;
    if (moment < end) return before + moment - begin;
    before += end - begin;
  }
  return before;
}

/** Returns the tracks that play at `moment` or begin within `ahead` ms. The player fetches these tracks, so that they are loaded
 *  in time. */
export const near = <T extends Timed>(tracks: readonly T[], moment: number, ahead = 3000): T[] =>
  tracks.filter(({ began, ended }) => began - ahead <= moment && moment < ended);

export const plays = ({ began, ended }: Timed, moment: number): boolean => began <= moment && moment < ended;
