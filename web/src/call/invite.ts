/** One-time links to a session: for a guest, for a callback, or to a conversation that is still open. The page can exchange a
 *  link's "#invite=…" once for the session. */

import type { HttpReason } from "../messages";
import { parseHandoff, type Handoff } from "../room/handoff";

const PREFIX = "#invite=";

export class InviteRefused extends Error {
  constructor(readonly reason: HttpReason | "network" | "other") {
    super(reason);
    this.name = "InviteRefused";
  }
}

/** Returns the part of the page's address that follows `prefix`, usually the invite; "" if there is none. Moves this part from
 *  the address into the state of the history's entry. There, nobody can read it in the history or on the screen, and it survives
 *  a reload, for example when a phone has unloaded a tab in the background. */
export function takeInvite(
  place: Pick<Location, "hash" | "pathname">,
  history: Pick<History, "replaceState" | "state">,
  prefix = PREFIX,
): string {
  if (place.hash.startsWith(prefix)) history.replaceState(place.hash, "", place.pathname);
  return `${history.state}`.split(prefix)[1] ?? "";
}

export async function exchangeInvite(invite: string): Promise<Handoff> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch("/api/invites", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ invite }),
    });
    body = await response.json();
  } catch {
    throw new InviteRefused("network");
  }
  const handoff = response.ok ? parseHandoff({ kind: "sangdam-call", ...(body as object) }) : null;
  if (handoff) return handoff;
  const { reason } = body as { reason?: unknown };
  throw new InviteRefused(typeof reason === "string" ? (reason as HttpReason) : "other");
}
