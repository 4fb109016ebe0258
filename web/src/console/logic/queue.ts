/** The list on the left: who waits, whose help is asked for, messages left, my sessions. */
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

/** New first, then taken, then done; the oldest of each first (it has waited longest), done the newest first. */
export function inOrder(messages: MessageLeft[]): MessageLeft[] {
  return [...messages].sort((a, b) => {
    const states = MESSAGE_ORDER[a.state] - MESSAGE_ORDER[b.state];
    return states !== 0 ? states : a.state === "done" ? b.at - a.at : a.at - b.at;
  });
}

/** Sessions I have something to do in, the oldest first so that their places do not move. */
export function mine(sessions: Iterable<SessionView>): SessionView[] {
  return [...sessions]
    .filter((one) => !["closed", "message_left"].includes(one.state))
    .sort((a, b) => a.started_at - b.started_at);
}

/** The session to show: the chosen one while it exists, else a call that goes on, else the newest that came. */
export function selected(sessions: SessionView[], chosen: string): SessionView | null {
  const calls = sessions.filter(({ state, room }) => state === "active" && room?.media === true && !room.held);
  return sessions.find((one) => one.id === chosen) ?? calls.at(-1) ?? sessions.at(-1) ?? null;
}

/** My calls whose users hear nobody because I look at `shown`: to be put on hold. A mode says itself who hears whom. */
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

/** The neighbour in the list, round the end. */
export function neighbour(sessions: SessionView[], chosen: string, step: 1 | -1): string {
  if (sessions.length === 0) return "";
  const here = sessions.findIndex((one) => one.id === chosen);
  return sessions[(Math.max(0, here) + step + sessions.length) % sessions.length]!.id;
}

/** Where the own-state switch goes: which state a press asks for, or null when it does nothing now. */
export function nextState(me: StaffMe): "available" | "away" | null {
  switch (me.state) {
    case "available":
      return "away";
    case "away":
    case "wrap_up":
      return "available";
    default:
      return null;
  }
}
