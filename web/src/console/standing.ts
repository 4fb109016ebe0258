/** Computes what this member of staff is allowed to do in the session that the console shows, and the member's role in that
 *  session. Pure. */
import type { SessionView } from "../messages";
import { viewer, type RoomState } from "../room/state";
import { mayAskHelp } from "./logic/hunt";
import { amReading } from "../staff/names";

export interface Standing {
  /** Whether the session is active and this tab takes part in it. */
  live: boolean;
  owner: boolean;
  /** Whether I am a professional who reads the conversation before joining it. */
  reading: boolean;
  mayAsk: boolean;
  /** Whether I am allowed to put the visitor on hold and to end the hold. While a professional is in the call, the counselor
   *  chooses the mode "consultation" instead of a hold. */
  mayHold: boolean;
  /** Whether a professional (or a colleague in a transfer) has joined. Only then can staff choose who hears whom. */
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
