/** Decides which tiles the stage shows and which of them is large. */

import type { ParticipantView, SessionView } from "../messages";
import { createStore } from "../ui/store";
import { others } from "./state";

/** The id of the person whose tile is larger than the others; "" for nobody. While many people are in the room, guests/speaker.ts
 *  sets this id. */
export const largeOnStage = createStore("");

export interface Tile {
  key: string;
  person: ParticipantView;
  kind: "camera" | "screen" | "none";
  /** The number of the video slot that carries this tile's picture; -1 for a person without video. */
  slot: number;
}

export interface Arrangement {
  /**
   * The tile of the first screen that another person shares, which is large unless the board is open; null if nobody else shares
   * a screen.
   */
  main: Tile | null;
  tiles: Tile[];
}

const ORDER: Record<ParticipantView["role"], number> = { counselor: 0, professional: 1, user: 2, guest: 3, operator: 4 };

/**
 * Returns the tiles of the other people: one for each person, ordered by role, and one for each shared screen. A tile has the
 * number of a video slot only while its sender's video is on.
 */
export function arrange(session: SessionView): Arrangement {
  const slots = Object.entries(session.room?.slots ?? {});
  const people = others(session).sort((a, b) => ORDER[a.role] - ORDER[b.role] || a.id.localeCompare(b.id));
  const slotOf = (person: ParticipantView, kind: "camera" | "screen") =>
    person.media[kind] ? Number(slots.find(([, slot]) => slot.participant === person.id && slot.kind === kind)?.[0] ?? -1) : -1;
  const screens = people
    .map((person): Tile => ({ key: `${person.id}-screen`, person, kind: "screen", slot: slotOf(person, "screen") }))
    .filter((tile) => tile.slot >= 0);
  const faces = people.map((person): Tile => {
    const slot = slotOf(person, "camera");
    return { key: person.id, person, kind: slot >= 0 ? "camera" : "none", slot };
  });
  const [main = null, ...more] = screens;
  return { main, tiles: [...more, ...faces] };
}
