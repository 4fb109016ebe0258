/** Rules of the list on the left: my sessions, waiting visitors, requests for help, and the messages that visitors have left. */
import type { MessageLeft, QueueItem, SessionView, StaffMe } from "../../messages";

export interface Waiting {
  users: QueueItem[];
  helps: QueueItem[];
  longest_s: number;
}

export function waiting(items: QueueItem[], now: number): Waiting {
  const bySince = [...items].sort((a, b) => a.since - b.since);
  const users = bySince.filter((item) => item.kind !== "help");
  const oldest = users[0]?.since;
  return {
    users,
    helps: bySince.filter((item) => item.kind === "help"),
    longest_s: oldest === undefined ? 0 : Math.max(0, Math.floor((now - oldest) / 1000)),
  };
}

const MESSAGE_ORDER = { new: 0, taken: 1, done: 2 } as const;

/** Sorts messages: first new messages, then those that staff have taken, then those that are done. New and taken messages are
 *  sorted from old to new, done ones from new to old. */
export function inOrder(messages: MessageLeft[]): MessageLeft[] {
  return [...messages].sort((a, b) => {
    const states = MESSAGE_ORDER[a.state] - MESSAGE_ORDER[b.state];
    return states !== 0 ? states : a.state === "done" ? b.at - a.at : a.at - b.at;
  });
}

/** Returns my open sessions, oldest first. So a new session does not move the rows of the other sessions. */
export function mine(sessions: Iterable<SessionView>): SessionView[] {
  return [...sessions]
    .filter((one) => !["closed", "message_left"].includes(one.state))
    .sort((a, b) => a.started_at - b.started_at);
}

/** Returns the session to show: the chosen one if it exists, else a running call, else the newest session; null if there is
 *  none. */
export function selected(sessions: SessionView[], chosen: string): SessionView | null {
  const calls = sessions.filter(({ state, room }) => state === "active" && room?.media === true && !room.held);
  return sessions.find((one) => one.id === chosen) ?? calls.at(-1) ?? sessions.at(-1) ?? null;
}

/**
 * Returns my other calls, which the console puts on hold while I look at the session `shown`. Calls that I am transferring are
 * left out. Calls with a professional are left out, too, because their mode says who hears whom.
 */
export function leftOpen(sessions: SessionView[], shown: string): string[] {
  const open = ({ id, state, room, help, participants, you }: SessionView) =>
    id !== shown &&
    state === "active" &&
    room?.media === true &&
    !room.held &&
    room.passing_to === "" &&
    (help?.mode ?? null) === null &&
    participants.some((one) => one.id === you && one.owner);
  return sessions.filter(open).map((one) => one.id);
}

/** Returns the id of the next or previous session in the list; "" for an empty list. After the last session comes the first. */
export function neighbour(sessions: SessionView[], chosen: string, step: 1 | -1): string {
  if (sessions.length === 0) return "";
  const here = sessions.findIndex((one) => one.id === chosen);
  return sessions[(Math.max(0, here) + step + sessions.length) % sessions.length]!.id;
}

/** Returns the state that the console requests when the switch "available/away" is pressed; null if a press does nothing now. */
export function nextState(me: StaffMe): "available" | "away" | null {
  switch (me.state) {
    case "available":
      return "away";
    case "away":
    case "wrap_up":
      return "available";
    case "busy":
      return me.ready ? "away" : "available";
    default:
      return null;
  }
}

/** Returns whether I will be away after my present sessions, because I have chosen so during one of these sessions. `before`: the
 *  last result of this function. The result stays the same in a wrap-up, while a call rings and while I am disconnected. */
export function awayAfter(before: boolean, { state, ready }: StaffMe): boolean {
  if (state === "busy") return !ready;
  return (state === "wrap_up" || state === "lost" || state === "reserved") && before;
}

export const WRAP_UP_MS = 120_000; // time for which I can wrap up a session that I handed over, ms; the server has the same limit

/** Returns the sessions that I have handed over and can still wrap up. `until`: the time until which I can do so (ms); null: no
 *  limit. `given`: all sessions that I have handed over. `at`: the time of the handover (ms). While I am in wrap-up, the session
 *  that was handed over last can be wrapped up until the wrap-up ends. Every other session can be wrapped up for `WRAP_UP_MS`
 *  after its handover. */
export function toWrapUp(given: { id: string; at: number }[], me: StaffMe, now: number): { id: string; until: number | null }[] {
  const last = [...given].sort((a, b) => a.at - b.at).at(-1);
  return given.flatMap(({ id, at }) => {
    if (id === last?.id && me.state === "wrap_up") return [{ id, until: me.until }];
    return now < at + WRAP_UP_MS ? [{ id, until: at + WRAP_UP_MS }] : [];
  });
}
