// The facts that the partner's page gets about the visitor's conversation, and the events that follow from changes of these
// facts. Pure.

/** The facts about the conversation that the panel tells the partner's page. The facts contain nothing of what was said.
 *  `session`: id; "" without a conversation. `resumed`: the conversation began on an earlier page, which got the events that
 *  happened while it was open. */
export interface Talk {
  session: string;
  stage: "" | "started" | "accepted" | "ended";
  unread: number;
  resumed: boolean;
}

export interface Events {
  /** The widget is on the page and can be used. */
  ready: Record<never, never>;
  opened: Record<never, never>;
  closed: Record<never, never>;
  /** The visitor has started a conversation. */
  started: { session: string };
  /** A counselor has accepted the conversation. Calls send no such event: they run in a window of their own. */
  accepted: { session: string };
  /** The number of the visitor's unread lines has changed. `count`: the new number. */
  unread: { session: string; count: number };
  ended: { session: string };
}

export type Name = keyof Events;
export type Told = { [N in Name]: [name: N, detail: Events[N]] }[Name];

export const NONE: Talk = { session: "", stage: "", unread: 0, resumed: false };

/** Returns whether a value from another window is a `Talk`. */
export function isTalk(value: unknown): value is Talk {
  const talk = value as Partial<Talk> | null | undefined;
  return (
    typeof talk === "object" &&
    talk !== null &&
    typeof talk.session === "string" &&
    typeof talk.unread === "number" &&
    typeof talk.resumed === "boolean" &&
    ["", "started", "accepted", "ended"].includes(talk.stage as string)
  );
}

/** Returns the events between two states of the conversation, in their order. */
export function eventsBetween(before: Talk, now: Talk): Told[] {
  const same = before.session === now.session;
  const [old, fresh] = [{ session: before.session }, { session: now.session }];
  const told: Told[] = [];
  if (before.session && !same && before.stage !== "ended") told.push(["ended", old]);
  if (!now.session) return told;
  const quiet = now.resumed && !same; // an earlier page of the shop has already got the conversation's events up to now
  if (!same && !quiet) told.push(["started", fresh]);
  if (now.stage === "accepted" && !quiet && !(same && before.stage === "accepted")) told.push(["accepted", fresh]);
  if (now.unread !== (same ? before.unread : 0)) told.push(["unread", { ...fresh, count: now.unread }]);
  if (now.stage === "ended" && !quiet && !(same && before.stage === "ended")) told.push(["ended", fresh]);
  return told;
}
