/** Decides which screen the call window shows. Pure. */

import type { Channel, SessionView, WaitingView } from "../messages";
import type { RoomState } from "../room/state";

export type Screen =
  | "skeleton"
  | "replaced"
  | "expired"
  | "closed"
  | "prepare"
  | "waiting"
  | "callback"
  | "gone"
  | "room"
  | "message_left"
  | "after";

/** Whether this screen means that the session is over, or that this guest is no longer in it. */
export const isOver = (screen: Screen): boolean =>
  screen === "after" || screen === "message_left" || screen === "expired" || screen === "gone";

export interface Local {
  /** The channel that the visitor has chosen, such as voice or video. */
  channel: Channel;
  /** Whether the visitor has pressed the button to enter in this tab. The tab remembers that over a reload. */
  entered: boolean;
}

/** Whether a counselor is calling back and waits for the visitor to enter. */
export const isCalled = ({ state, callback }: SessionView): boolean =>
  state === "active" && callback?.state === "calling" && !callback.came;

/** Returns whether to show the screen *prepare*. This screen is shown before the visitor enters a new session, before they join
 *  the counselor who calls back, and before they add voice or video to a text session. */
function needsPreparing(session: SessionView, local: Local): boolean {
  if (session.state === "preparing" || isCalled(session)) return true;
  return !local.entered && session.channel === "text" && local.channel !== "text";
}

export function screenOf(state: RoomState, sessionId: string, local: Local): Screen {
  const session = state.sessions[sessionId];
  if (state.replaced[sessionId] || state.closedReason === "replaced") return "replaced";
  if (state.over[sessionId]) return "gone"; // for this guest, the session is over
  if (!session) return state.status === "closed" ? "expired" : "skeleton";
  // the page's token no longer opens this conversation, for example because the conversation has moved to another device
  if (state.closedReason === "token" && !["after", "closed", "message_left"].includes(session.state)) return "expired";
  switch (session.state) {
    case "after":
    case "closed":
      return "after";
    case "message_left":
      return "message_left";
    case "callback":
      return "callback";
    default:
      if (session.state === "preparing" && session.opening?.open === false) return "closed";
      if (needsPreparing(session, local)) return "prepare";
      return session.state === "active" || session.state === "asleep"
        ? "room"
        : session.state === "waiting"
          ? "waiting"
          : "skeleton";
  }
}

export type Expected = { kind: "unknown" } | { kind: "soon" } | { kind: "minutes"; low: number; high: number };

/** Returns the expected wait in whole minutes. The lower end is rounded down, to at least one minute. The upper end is rounded
 *  up. */
export function expectedWait({ low_s, high_s }: Pick<WaitingView, "low_s" | "high_s">): Expected {
  if (low_s === null || high_s === null) return { kind: "unknown" };
  if (high_s <= 60) return { kind: "soon" };
  const low = Math.max(1, Math.floor(low_s / 60));
  return { kind: "minutes", low, high: Math.max(low + 1, Math.ceil(high_s / 60)) };
}

/** Formats the duration of a call: "0:07", "12:05". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
