/** The colours of the board, and which colour each person has. Pure. */

import type { ParticipantView } from "../../messages";

export const COLOURS = [
  ["blue", "#1d5bc9"],
  ["red", "#d92d20"],
  ["green", "#16764a"],
  ["purple", "#7a3fc4"],
  ["orange", "#d96a00"],
  ["ink", "#14171c"],
] as const;

export const WIDTHS = [
  ["thin", 3],
  ["medium", 6],
  ["thick", 14],
] as const;

/** The colours that a person can get as their own colour: all colours but black. */
const OWN = COLOURS.slice(0, 5).map(([, colour]) => colour);

/**
 * Returns the colour of a person: the colour with which the person drew first. A person who has not drawn yet gets the first
 * colour that is still free: nobody in `claimed` has it, and no earlier person in `people`. If no colour is free, returns black.
 * `people`: in the order in which they came. `claimed`: participant → the colour with which they drew first.
 */
export function colourOf(id: string, people: Pick<ParticipantView, "id">[], claimed: ReadonlyMap<string, string>): string {
  const own = claimed.get(id);
  if (own) return own;
  const taken = new Set(claimed.values());
  for (const person of people) {
    if (claimed.has(person.id)) continue;
    const free = OWN.find((colour) => !taken.has(colour)) ?? COLOURS[5][1];
    if (person.id === id) return free;
    taken.add(free);
  }
  return OWN.find((colour) => !taken.has(colour)) ?? COLOURS[5][1];
}

/** Returns the colour that becomes this person's own colour when they draw their first shape. This is the colour that they have
 *  chosen or, if another person has that colour, `of(you)`. `of`: returns the colour of a person. */
export function claimable(
  chosen: string,
  you: string,
  people: readonly Pick<ParticipantView, "id">[],
  of: (id: string) => string,
): string {
  return people.some(({ id }) => id !== you && of(id) === chosen) ? of(you) : chosen;
}
