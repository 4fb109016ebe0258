/** Determines how far the search ("hunt") for a professional has come, for the counselor who asked for help. */
import type { HelpView, Role } from "../../messages";

export type Hunt =
  | { kind: "none" }
  | { kind: "searching"; waited_s: number }
  | { kind: "ringing"; asked_before: number; nth: number; left_s: number }
  | { kind: "reading"; left_s: number | null }
  | { kind: "nobody"; asked: number };

const seconds = (ms: number) => Math.max(0, Math.round(ms / 1000));

export function hunt(help: HelpView | null, now: number): Hunt {
  if (help === null) return { kind: "none" };
  switch (help.state) {
    case "asking":
      if (help.ringing_until !== null && help.ringing_until > now) {
        const nth = Math.max(1, help.asked);
        return { kind: "ringing", asked_before: nth - 1, nth, left_s: seconds(help.ringing_until - now) };
      }
      return { kind: "searching", waited_s: Math.max(0, Math.floor((now - help.asked_at) / 1000)) };
    case "catching_up":
      return { kind: "reading", left_s: help.catch_up_until === null ? null : seconds(help.catch_up_until - now) };
    case "nobody":
      return { kind: "nobody", asked: help.asked };
    default:
      return { kind: "none" };
  }
}

/** Returns whether this person is allowed to ask for a professional. Only the session's owner is allowed to, and only while no
 *  professional helps or is being looked for. */
export function mayAskHelp(role: Role, owner: boolean, help: HelpView | null): boolean {
  if (!owner || (role !== "counselor" && role !== "professional")) return false;
  return help === null || ["nobody", "cancelled", "ended", "handed_over"].includes(help.state);
}
