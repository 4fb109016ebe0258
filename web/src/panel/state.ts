import type { Client } from "../room/client";
import type { StartFailure } from "../room/handoff";
import type { Channel } from "../messages";
import type { PanelInfo } from "./api";
import type { Kept } from "./kept";
import type { ItemKey, Visit } from "./visit";

/** The state that decides what the panel shows. */
export interface PanelState {
  info: PanelInfo | null;
  /** Why the panel cannot offer any conversation; "" if the panel can offer one. */
  broken: StartFailure | "";
  visit: Visit | null;
  /** Whether the back end of the site's owner (the partner) makes the identification code. If so, the code can vouch for the
   *  visitor. If not, our server makes the code. */
  partner: boolean;
  removed: ReadonlySet<ItemKey>;
  /** What the visitor has typed before the conversation. `form`: id of a field of the site's form → the visitor's text. */
  typed: { name: string; note: string; form: Record<string, string> };
  starting: Channel | null;
  /** The time at which the panel tries again by itself (this browser's clock, ms), because the server is full now; 0 while no
   *  such try is planned. */
  retryAt: number;
  /** Why the last press on a button did not start a session; "" otherwise. */
  refusal: StartFailure | "";
  kept: Kept | null;
  /** The client of the live text session; null unless this panel runs the session. */
  client: Client | null;
  /** Whether the browser prevented the panel from opening a window when the panel last tried: the call window, or the window that
   *  asks for permission to show notifications. */
  blocked: boolean;
  /** Whether the call window was opened and has been closed since. */
  closed: boolean;
  /** Whether the session in the call window has ended. */
  ended: boolean;
  folded: boolean;
  /** The colour scheme that the partner's page asks for; "" follows the visitor's system. */
  theme: "light" | "dark" | "";
  /** Whether the visitor has turned off the sound for new lines in the folded panel. */
  muted: boolean;
  /** Whether the panel shows the view of the visitor's earlier conversations. */
  past: boolean;
  /** Whether the server said, at the last press on Text, that this visitor has an open conversation on another page or device. */
  elsewhere: boolean;
  /** Whether the conversation continues on another page or device, and cannot be brought back to this panel. */
  away: boolean;
}

export const INITIAL: PanelState = {
  info: null,
  broken: "",
  visit: null,
  partner: false,
  removed: new Set(),
  typed: { name: "", note: "", form: {} },
  starting: null,
  retryAt: 0,
  refusal: "",
  kept: null,
  client: null,
  blocked: false,
  closed: false,
  ended: false,
  folded: false,
  theme: "",
  muted: false,
  past: false,
  elsewhere: false,
  away: false,
};
