/** Finds out who hears the visitor, and which notice the visitor gets about the people in the call. Returns text keys and
 *  people. Pure. */

import type { ParticipantView, SessionView } from "../messages";
import { listenersOf, others, participant } from "./state";

export type NoticeKind =
  | "lost_owner"
  | "asking_heard"
  | "asking_unheard"
  | "asking_colleague"
  | "passing_on"
  | "on_hold"
  | "reading_along"
  | "person_lost"
  | "";

export interface Hearing {
  /** People who can hear the person of this page now: their voice connections are up, even if their WebSocket is not. */
  hearers: ParticipantView[];
  /** The other people whose voice connection is being set up, or is interrupted. Empty while the visitor is on hold, or while the
   *  counselor consults a professional. */
  coming: ParticipantView[];
  notice: NoticeKind;
  /** The other person whom the notice names; null if it names nobody. */
  about: ParticipantView | null;
}

/** Returns who hears the person of this page, and the most important notice. The notices, the most important first:
 *  1. The counselor is disconnected.
 *  2. The visitor is on hold or is being transferred, or the counselor consults a professional or a colleague.
 *  3. Another person is disconnected.
 *  4. A professional reads along. */
export function hearing(session: SessionView): Hearing {
  const hearers = listenersOf(session, session.you)
    .map((id) => participant(session, id))
    .filter((person) => person !== undefined);
  const [notice, about] = noticeOf(session, hearers);
  const coming = session.room?.notice
    ? []
    : others(session).filter((one) => one.label !== "camera" && (one.peer === "connecting" || one.peer === "lost"));
  return { hearers, coming, notice, about };
}

function noticeOf(session: SessionView, hearers: ParticipantView[]): [NoticeKind, ParticipantView | null] {
  const lost = participant(session, session.lost) ?? null;
  if (session.owner_lost) return ["lost_owner", lost];
  if (session.room?.notice === "asking_professional") return [hearers.length > 0 ? "asking_heard" : "asking_unheard", null];
  if (session.room?.notice) return [session.room.notice, others(session).find((one) => one.owner) ?? null];
  if (lost && lost.id !== session.you) return ["person_lost", lost];
  const reading = others(session).find((person) => person.presence === "reading");
  return reading ? ["reading_along", reading] : ["", null];
}
