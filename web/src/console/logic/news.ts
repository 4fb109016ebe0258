/** Who waits for my answer, and what is unread. Pure. */
import type { Line, SessionView } from "../../messages";

/** Lines by session, as the page knows them. */
export type Lines = Record<string, Line[]>;

/** Returns since when the visitor waits for a line of ours (ms), or null while nobody waits: they are answered, or we talk. */
export function waitsSince({ state, room }: SessionView, lines: readonly Line[]): number | null {
  if (state !== "active" || (room?.media === true && !room.held)) return null;
  let since: number | null = null;
  for (const line of lines.toReversed()) {
    if (line.kind === "system" || line.audience === "staff") continue;
    if (line.role !== "user") break;
    since = line.at;
  }
  return since;
}

/** Sorts sessions: whoever waits longest for my answer first, then those who do not wait, oldest first; finished ones last. */
export function inWaitingOrder(sessions: readonly SessionView[], lines: Lines): SessionView[] {
  const place = (one: SessionView) => ({
    one,
    over: one.state === "after" ? 1 : 0,
    since: waitsSince(one, lines[one.id] ?? []) ?? Infinity,
  });
  return sessions
    .map(place)
    .sort((a, b) => a.over - b.over || (a.since === b.since ? a.one.started_at - b.one.started_at : a.since - b.since))
    .map(({ one }) => one);
}

/** Keeps the places of what was listed, and puts what is new at the end: nothing moves under the pointer. */
export function steady<T extends { id: string }>(before: readonly string[], sorted: readonly T[]): T[] {
  const place = new Map(before.map((id, i) => [id, i] as const));
  return [...sorted].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}

/** Returns the lines of others that come after `seen`, the last line that was in front of me. */
export const unread = (session: SessionView, lines: readonly Line[], seen: number): Line[] =>
  lines.filter((line) => line.seq > seen && line.kind !== "system" && line.author !== session.you);

/** Returns the tab's title: how many lines are unread, and whose come first. */
export function newsTitle(base: string, count: number, name: string): string {
  return count === 0 ? base : `(${count > 99 ? "99+" : count}) ${name} · ${base}`;
}

const NOTES_HZ = [523.25, 587.33, 659.25, 783.99, 880] as const; // pentatonic: any two sound well together

/** Returns the pitch of a session's sound, so that its ear knows which conversation it is. */
export function pitchOf(session: string): number {
  let sum = 0;
  for (const letter of session) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_536;
  return NOTES_HZ[sum % NOTES_HZ.length]!;
}
