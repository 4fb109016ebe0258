/** Decides what the page lets a person do with a line. Pure. The server checks the same rules again. */

import type { Line, SessionView } from "../../messages";

export const CHANGE_MS = 300_000;
const CHANGEABLE: readonly string[] = ["waiting", "active", "asleep", "after"];

export interface Possible {
  reply: boolean;
  edit: boolean;
  retract: boolean;
}

/** Returns what the person is allowed to do with a line. `now`: the time on the server's clock, ms. `writes`: whether the page
 *  has a message box. */
export function possible(line: Line, session: SessionView, now: number, writes: boolean): Possible {
  const there = line.kind !== "system" && line.change !== "retracted";
  const own = there && line.author === session.you && now - line.at <= CHANGE_MS && CHANGEABLE.includes(session.state);
  return { reply: there && writes, edit: own && line.kind !== "picture" && line.kind !== "file", retract: own };
}
