/** Makes the sentences that tell staff about operators who listen in, whisper or have joined. Pure. */

import type { ListenAs, ParticipantView, SessionView } from "../messages";
import { nameOf, userOf } from "./names";

type Key =
  | "listened.now"
  | "listened.whisper"
  | "listened.whisper.staff"
  | "listened.whisper.other"
  | "listened.joined"
  | "listened.joined.hold";

export interface Listened {
  how: ListenAs;
  key: Key;
  args: Record<string, string>;
  /** Whether the operator is allowed to be heard, but has turned their microphone off. */
  muted: boolean;
}

/** Returns the sentences that staff are told: one sentence about all operators who only listen, and one about each operator who
 *  whispers or has joined. */
export function listened(session: SessionView): Listened[] {
  const operators = session.participants.filter((one) => one.role === "operator");
  const user = nameOf(userOf(session));
  const silent = operators.filter((one) => howOf(one) === "listen").map((one) => one.name);
  const quiet: Listened[] =
    silent.length > 0 ? [{ how: "listen", key: "listened.now", args: { names: silent.join(", "), user }, muted: false }] : [];
  const heard = operators
    .filter((one) => howOf(one) !== "listen")
    .map((one): Listened => {
      const how = howOf(one);
      const counselor = nameOf(session.participants.find((each) => each.owner));
      const args = { name: one.name, user, counselor };
      return { how, key: how === "join" ? joined(session) : whispers(session), args, muted: !one.media.mic };
    });
  return [...quiet, ...heard];
}

const howOf = (one: ParticipantView): ListenAs => one.listens ?? "listen";

/** Whether the visitor waits and hears nobody: on hold, during a transfer, or in a consultation. */
const visitorWaits = (session: SessionView): boolean =>
  session.room?.held === true || (session.room?.passing_to ?? "") !== "" || session.help?.mode === "consultation";

function whispers(session: SessionView): Key {
  if (session.help?.mode === "consultation") return "listened.whisper.staff";
  const own = session.participants.find((one) => one.id === session.you)?.owner === true;
  return own ? "listened.whisper" : "listened.whisper.other";
}

const joined = (session: SessionView): Key => (visitorWaits(session) ? "listened.joined.hold" : "listened.joined");
