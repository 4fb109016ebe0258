/** Determines what a person is allowed to do with guests, and how one side (the user's or the staff's) hears the other side while
 *  somebody interprets. Pure. */

import type { GuestLabel, InterpretingView, Original, ParticipantView, SessionView } from "../../messages";
import type { GuestKey } from "./words";

/** The kinds of guests that the dialog offers when a person invites a guest, in this order. */
export const LABELS: readonly GuestLabel[] = ["family", "interpreter", "colleague", "other"];
export const ORIGINALS: readonly Original[] = ["full", "soft", "none"];

const isOwner = ({ participants, you }: SessionView): boolean => participants.some((one) => one.id === you && one.owner);

/** The guests in the room. The user's phone that serves as a camera is not among them. */
export const guestsIn = ({ participants }: SessionView): ParticipantView[] =>
  participants.filter((one) => one.role === "guest" && one.label !== "camera");

/** The user's phone while it serves as a second camera; undefined if no phone does. */
export const cameraIn = ({ participants }: SessionView): ParticipantView | undefined =>
  participants.find((one) => one.label === "camera");

/** Whether this person is allowed to remove a guest whom `by` has invited, or to withdraw a link that `by` has made. */
export const mayRemove = (session: SessionView, by: string): boolean => by === session.you || isOwner(session);

/** While somebody interprets, people can set how loud each side hears the original voices of the other side. Returns the sides
 *  for which this person is allowed to set that: the session's owner for both sides, and the user for the user's side. */
export function sidesOf(session: SessionView): ("user" | "staff")[] {
  if (isOwner(session)) return ["user", "staff"];
  return session.participants.some((one) => one.id === session.you && one.role === "user") ? ["user"] : [];
}

/** Returns how loud one side hears the original voices of the other side while this guest interprets; "full" if this guest does
 *  not interpret. */
export function originalOf({ interpreting }: SessionView, guest: string, side: "user" | "staff"): Original {
  return interpreting?.guest === guest ? interpreting[side] : "full";
}

const OTHER = { user: "staff", staff: "user" } as const;

/** Returns the keys of the sentences that the interpreting bar shows to a person on the side `mine`. The sentences say for whom
 *  the guest interprets, and how loud each side still hears the original voices of the other side. `interpreter`: the person is
 *  this guest. `muted`: the guest is in the room with the microphone off. */
export function barKeys(view: InterpretingView, mine: "user" | "staff", interpreter: boolean, muted = false): GuestKey[] {
  if (view.paused && muted) return [interpreter ? "interpret.bar.muted.you" : "interpret.bar.muted"];
  if (view.paused) return ["interpret.bar.paused"];
  if (interpreter) return ["interpret.bar.you"];
  const other = OTHER[mine];
  const [heard, hearing] = [view[mine], view[other]];
  const keys: GuestKey[] = [
    heard === "full" ? `interpret.bar.for.${other}` : hearing === "full" ? "interpret.bar.for.you" : "interpret.bar",
  ];
  if (heard !== "full") keys.push(`interpret.bar.${mine}.${heard}`);
  if (hearing !== "full") keys.push(`interpret.bar.other.${other}.${hearing}`);
  return keys;
}
