/** The actions of a member of staff. Each action sends a request to the server. If the server refuses the request, a toast says
 *  why. */
import type { Colleagues, Invite, Mode, StaffItem } from "../messages";
import type { RequestMessage } from "../room/connection";
import { toast } from "../ui";
import { attempt } from "../staff/attempt";
import { sentence } from "../staff/refusals";

/** Sends a message to the server, and resolves with the reply. Rejects with an error that has a `reason` and perhaps a
 *  `message`. */
export type Request = (message: RequestMessage) => Promise<unknown>;

export interface Actions {
  setState(state: "available" | "away"): Promise<boolean>;
  setTextsInCall(on: boolean): Promise<boolean>;
  accept(reservation: string): Promise<boolean>;
  decline(reservation: string, reason: string): Promise<boolean>;
  askHelp(session: string, note: string, category: string): Promise<boolean>;
  /** Transfers the session. `to` names either a colleague or a category. */
  transfer(session: string, how: "now" | "consult", to: { staff: string } | { category: string }, note: string): Promise<boolean>;
  /** Returns the colleagues who could take the session over; an empty list if the request fails. */
  colleagues(session: string): Promise<StaffItem[]>;
  cancelHelp(session: string): Promise<boolean>;
  /** Joins the session as a professional. `record`: whether the professional agrees to a recording in progress. */
  join(session: string, record?: boolean): Promise<boolean>;
  hold(session: string, on: boolean): Promise<boolean>;
  /** Puts a text conversation to sleep: it takes no place in the counselor's capacity until the visitor writes again. */
  sleep(session: string): Promise<boolean>;
  answerUpgrade(session: string, take: boolean): Promise<boolean>;
  setMode(session: string, mode: Mode, hear_user: boolean): Promise<boolean>;
  handOver(session: string): Promise<boolean>;
  leave(session: string): Promise<boolean>;
  wrapUp(session: string, notes: string, outcome: string, tags: string[]): Promise<boolean>;
  /** Returns a new link for the visitor who is called back; "" when the request fails. */
  invite(session: string): Promise<string>;
  moveCallback(session: string, at: number): Promise<boolean>;
  missCallback(session: string): Promise<boolean>;
  takeMessage(message: string): Promise<boolean>;
  answerMessage(message: string, text: string): Promise<boolean>;
  doneMessage(message: string): Promise<boolean>;
}

export function makeActions(request: Request): Actions {
  const send = (message: RequestMessage) => attempt(() => request(message));
  return {
    setState: (state) => send({ type: "state", state }),
    setTextsInCall: (on) => send({ type: "texts_in_call", on }),
    accept: (reservation) => send({ type: "accept", reservation }),
    decline: (reservation, reason) => send({ type: "decline", reservation, reason }),
    askHelp: (session, note, category) => send({ type: "help", session, note, category }),
    transfer: (session, how, to, note) => send({ type: "transfer", session, how, note, ...to }),
    colleagues: async (session) => {
      try {
        return ((await request({ type: "colleagues", session })) as Colleagues).people;
      } catch (error) {
        toast(sentence(error), "error");
        return [];
      }
    },
    cancelHelp: (session) => send({ type: "cancel_help", session }),
    join: (session, record) => send({ type: "join", session, ...(record === undefined ? {} : { record }) }),
    sleep: (session) => send({ type: "sleep", session }),
    hold: (session, on) => send({ type: "hold", session, on }),
    answerUpgrade: (session, take) => send({ type: "upgrade", session, take }),
    setMode: (session, mode, hear_user) => send({ type: "mode", session, mode, hear_user }),
    handOver: (session) => send({ type: "hand_over", session }),
    leave: (session) => send({ type: "leave", session }),
    wrapUp: (session, notes, outcome, tags) => send({ type: "wrap_up", session, notes, outcome, tags }),
    invite: async (session) => {
      try {
        return ((await request({ type: "invite", session })) as Invite).url;
      } catch (error) {
        toast(sentence(error), "error");
        return "";
      }
    },
    moveCallback: (session, at) => send({ type: "move_callback", session, at }),
    missCallback: (session) => send({ type: "miss_callback", session }),
    takeMessage: (message) => send({ type: "message_take", message }),
    answerMessage: (message, text) => send({ type: "message_answer", message, text }),
    doneMessage: (message) => send({ type: "message_done", message }),
  };
}
