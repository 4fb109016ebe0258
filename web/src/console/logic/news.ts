/** Finds out which visitors wait for this person's answer and which lines are unread. Pure. */
import type { Line, SessionView } from "../../messages";

/** Session → the lines that this page has. */
export type Lines = Record<string, Line[]>;

/**
 * Returns the time at which the visitor began to wait for an answer to their lines (Unix ms). Returns null if the last line that
 * everybody can read is not the visitor's, if the session is not active, or during a call that is not on hold.
 */
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

/** Sorts sessions. First come visitors who wait for my answer, the longest wait first. After these come all other sessions, the
 *  oldest first. Finished sessions come last. */
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

/** Returns the items in the order of `before`, a list of ids, with new items at the end. So nothing moves under the pointer. */
export function steady<T extends { id: string }>(before: readonly string[], sorted: readonly T[]): T[] {
  const place = new Map(before.map((id, i) => [id, i] as const));
  return [...sorted].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}

/** Returns the lines of other people after `seen`, the number of the last line that I have seen. System lines are left out. */
export const unread = (session: SessionView, lines: readonly Line[], seen: number): Line[] =>
  lines.filter((line) => line.seq > seen && line.kind !== "system" && line.author !== session.you);

/** Returns the tab's title with the number of unread lines and the visitor's name; `base` alone if there are no unread lines. */
export function newsTitle(base: string, count: number, name: string): string {
  return count === 0 ? base : `(${count > 99 ? "99+" : count}) ${name} · ${base}`;
}

// a pentatonic scale, Hz: any two of its notes sound well together
const NOTES_HZ = [523.25, 587.33, 659.25, 783.99, 880] as const;

/** Returns the pitch of a session's sound (Hz), so that staff hear which conversation has a new line. */
export function pitchOf(session: string): number {
  let sum = 0;
  for (const letter of session) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_536;
  return NOTES_HZ[sum % NOTES_HZ.length]!;
}
