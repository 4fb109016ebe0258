/** Opens the conversation to which a notification belongs. The server recognises the browser by its push subscription. */

import type { InviteReason } from "../messages";
import { parseHandoff, type Handoff } from "../room/handoff";
import { ownSubscription } from "../room/push/user";

/** Returns the conversation; null if the conversation is over, or if its notifications were turned off. Rejects if the server
 *  cannot be reached or refuses for another reason. */
export async function openPushed(id: string): Promise<Handoff | null> {
  const own = await ownSubscription();
  if (own === null) return null;
  const response = await fetch("/api/push/open", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, endpoint: own.endpoint, auth: own.auth }),
  });
  const body = (await response.json()) as { reason?: InviteReason };
  if (response.ok) return parseHandoff({ kind: "sangdam-call", ...body });
  if (response.status === 410) return null;
  throw new Error(body.reason);
}
