/** Stores the session that this panel started, so that the session survives navigation on the partner's site. */

import type { Channel } from "../messages";
import type { Box } from "./storage";
import { type ItemKey, ITEMS } from "./visit";

export interface Kept {
  session: string;
  token: string;
  channel: Channel;
  /** Where the session runs: in the panel, or in the call window, whose name is `window`. */
  place: "panel" | "window";
  window: string;
  purpose: Purpose;
  /** The kinds of items (such as the product) that the visitor chose not to share before the session began. The panel does not
   *  share these kinds from later pages either. */
  withheld: readonly ItemKey[];
  /** Key (`productKey`) of the product that the panel last reported to the server in this session; "" for none. */
  seen: string;
}

/** What the visitor wants: a conversation; or, while nobody is available, to leave a message or to book a callback. */
export type Purpose = "talk" | "message" | "callback";

export const KEPT = "sangdam.panel";

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200;

export function loadKept(storage: Box): Kept | null {
  try {
    const { session, token, channel, place, window, purpose, withheld, seen } = JSON.parse(
      storage.getItem(KEPT) ?? "{}",
    ) as Partial<Kept>;
    if (!isText(session) || !isText(token) || !isText(window)) return null;
    return {
      session,
      token,
      channel: channel ?? "text",
      place: place === "window" ? "window" : "panel",
      window,
      purpose: purpose === "message" || purpose === "callback" ? purpose : "talk",
      withheld: Array.isArray(withheld) ? withheld : [...ITEMS],
      seen: isText(seen) ? seen : "",
    };
  } catch {
    return null;
  }
}

export function keep(kept: Kept | null, storage: Box): void {
  if (kept) storage.setItem(KEPT, JSON.stringify(kept));
  else storage.removeItem(KEPT);
}
