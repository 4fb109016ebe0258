/** Where I stand in the session that is shown. Pure. */
import type { SessionView } from "../messages";
import { viewer, type RoomState } from "../room/state";
import { mayAskHelp } from "./logic/hunt";
import { amReading } from "../staff/names";

export interface Standing {
  /** It goes on, and in this tab. */
  live: boolean;
  owner: boolean;
  /** A professional catching up. */
  reading: boolean;
  mayAsk: boolean;
  /** May the user be put on hold, or taken back? Once there is a mode, consultation is the hold. */
  mayHold: boolean;
  /** A professional has joined: there is a mode. */
  joined: boolean;
}

export function standing(session: SessionView | null, replaced: RoomState["replaced"]): Standing {
  const you = viewer(session ?? undefined);
  if (session === null || you === undefined)
    return { live: false, owner: false, reading: false, mayAsk: false, mayHold: false, joined: false };
  const live = session.state === "active" && !(session.id in replaced);
  return {
    live,
    owner: you.owner,
    reading: amReading(session),
    mayAsk: live && mayAskHelp(you.role, you.owner, session.help),
    mayHold: live && you.owner && session.room?.media === true && session.help?.mode == null,
    joined: live && session.help?.state === "joined",
  };
}
