/** Determines how the site allows an operator who listens in to take part, and what the page says about that. Pure. */

import type { ListenAs, Listening, SessionView } from "../../messages";
import { listenersOf, viewer } from "../../room/state";

const ALLOWED: Record<Listening, ListenAs[]> = {
  off: [],
  on: ["listen"],
  whisper: ["listen", "whisper"],
  join: ["listen", "whisper", "join"],
};

/** Returns the ways in which the operator is allowed to take part, the quietest first. */
export const ways = (session: SessionView): ListenAs[] => ALLOWED[session.listening];

/** Returns how the operator takes part in the session now, as the server says. */
export const takesPart = (session: SessionView): ListenAs => viewer(session)?.listens ?? "listen";

/** Returns the text that says who hears the operator. `speaks`: the operator's microphone is on. `hears`: the operator hears
 *  somebody. */
export function told(session: SessionView, speaks: boolean, hears: boolean) {
  const how = takesPart(session);
  if (how === "listen") return hears ? "listen.told" : "listen.nothing";
  if (!speaks) return "listen.muted";
  const hearers = session.participants.filter((one) => listenersOf(session, session.you).includes(one.id));
  // nobody hears the operator, for example because the operator's media connection is still being set up
  if (hearers.length === 0) return "listen.unheard";
  if (how === "whisper")
    return hearers.some((one) => one.role !== "operator" && !one.owner) ? "listen.whispering.staff" : "listen.whispering";
  return hearers.some((one) => one.role === "user") ? "listen.joined" : "listen.joined.staff";
}
