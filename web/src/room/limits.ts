/** Finds other people's pictures that this person's connection cannot carry in full, and notices when such a picture comes in
 *  full again. Pure. */

import type { SessionView } from "../messages";
import { arrange } from "./arrange";

/** Number of a video slot (a receiving video section of this connection) → how the worker sends the slot's picture now: with few
 *  pixels ("low") or not at all ("paused"). */
export type Limits = Record<string, "low" | "paused">;

/** Returns the numbers of the video slots whose picture comes from a person who is connected. */
function shown(session: SessionView): Set<string> {
  const { main, tiles } = arrange(session);
  const sent = [...tiles, ...(main ? [main] : [])].filter(({ slot, person }) => slot >= 0 && person.presence !== "lost");
  return new Set(sent.map(({ slot }) => String(slot)));
}

/** Returns the worst limit ("paused" is worse than "low") among the pictures of connected people; "" if none is limited. */
export function worst(limits: Limits, session: SessionView): "" | "low" | "paused" {
  const there = shown(session);
  const kinds = Object.entries(limits).flatMap(([slot, kind]) => (there.has(slot) ? [kind] : []));
  return kinds.includes("paused") ? "paused" : kinds.length > 0 ? "low" : "";
}

/** Returns whether a picture that was limited (`before`) comes in full again (`now`). The picture of a person who has left or is
 *  disconnected does not count. */
export function cameBack(before: Limits, now: Limits, session: SessionView): boolean {
  const there = shown(session);
  return Object.keys(before).some((slot) => !(slot in now) && there.has(slot));
}
