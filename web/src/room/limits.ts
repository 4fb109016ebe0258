/** Which pictures one's own connection cannot carry, and when one is really back. Pure. */

import type { SessionView } from "../messages";
import { arrange } from "./arrange";

/** Slot → what happens to its picture. */
export type Limits = Record<string, "low" | "paused">;

/** Returns the slots with a picture that somebody sends who is here. */
function shown(session: SessionView): Set<string> {
  const { main, tiles } = arrange(session);
  const sent = [...tiles, ...(main ? [main] : [])].filter(({ slot, person }) => slot >= 0 && person.presence !== "lost");
  return new Set(sent.map(({ slot }) => String(slot)));
}

/** Returns the worst limit among the pictures that somebody who is here sends; "" without one. */
export function worst(limits: Limits, session: SessionView): "" | "low" | "paused" {
  const there = shown(session);
  const kinds = Object.entries(limits).flatMap(([slot, kind]) => (there.has(slot) ? [kind] : []));
  return kinds.includes("paused") ? "paused" : kinds.length > 0 ? "low" : "";
}

/** Whether a limited picture is whole again, rather than gone with its sender. */
export function cameBack(before: Limits, now: Limits, session: SessionView): boolean {
  const there = shown(session);
  return Object.keys(before).some((slot) => !(slot in now) && there.has(slot));
}
