// Generated from signaling/protocol/staff_messages.py by `make messages`. Do not edit.

import type { ListenAs, Mode } from "./words";

/** A member of staff becomes available or away. */
export interface SetState {
  type: "state";
  state: "available" | "away";
  id?: number | null;
}

/** A member of staff chooses whether they are offered new text requests during a call. */
export interface SetTextsInCall {
  type: "texts_in_call";
  on: boolean;
  id?: number | null;
}

/** A member of staff accepts a ring. */
export interface Accept {
  type: "accept";
  reservation: string;
  id?: number | null;
}

/** A member of staff declines a ring. */
export interface Decline {
  type: "decline";
  reservation: string;
  reason?: string;
  id?: number | null;
}

/** The counselor did not reach the user, and moves the callback to the time ``at``. */
export interface MoveCallback {
  type: "move_callback";
  session: string;
  at: number;
  id?: number | null;
}

/** The counselor did not reach the user and gives up the callback. A wrap-up follows. */
export interface MissCallback {
  type: "miss_callback";
  session: string;
  id?: number | null;
}

/** The counselor who calls back asks for a new link that brings the user into the session. The reply is ``invite``. */
export interface GetInvite {
  type: "invite";
  session: string;
  id?: number | null;
}

/** The owner asks for a professional; an empty ``category`` means the session's own. */
export interface AskHelp {
  type: "help";
  session: string;
  note?: string;
  category?: string;
  id?: number | null;
}

/**
 * The owner transfers the user to a person (``staff``) or to anyone who serves a ``category``.
 *
 * ``how``: at once ("now") or after a consultation. If nobody comes, the user stays with the owner.
 */
export interface AskTransfer {
  type: "transfer";
  session: string;
  how: "now" | "consult";
  staff?: string;
  category?: string;
  note?: string;
  id?: number | null;
}

/** Ask which colleagues could take this session over, or be mentioned in a line for staff. The reply is ``colleagues``. */
export interface GetColleagues {
  type: "colleagues";
  session: string;
  purpose?: "transfer" | "mention";
  id?: number | null;
}

/** The owner withdraws a help request or a transfer. */
export interface CancelHelp {
  type: "cancel_help";
  session: string;
  id?: number | null;
}

/**
 * The professional has caught up and becomes the third peer.
 *
 * ``record``: whether the professional agrees to be recorded. The field is required while ``recording.state`` is ``on``.
 */
export interface Join {
  type: "join";
  session: string;
  record?: boolean | null;
  id?: number | null;
}

/** The owner or the joined professional chooses who hears whom. */
export interface SetMode {
  type: "mode";
  session: string;
  mode: Mode;
  hear_user?: boolean;
  id?: number | null;
}

/** The owner accepts (``take``) or declines the user's request for voice or video. */
export interface AnswerUpgrade {
  type: "upgrade";
  session: string;
  take: boolean;
  id?: number | null;
}

/** The owner sends a text conversation to sleep: it takes no place until its user writes again. */
export interface PutToSleep {
  type: "sleep";
  session: string;
  id?: number | null;
}

/** The owner puts the user on hold, or ends the hold. */
export interface Hold {
  type: "hold";
  session: string;
  on: boolean;
  id?: number | null;
}

/** The owner of a conference or consulted transfer leaves, and makes the professional or colleague the owner. */
export interface HandOver {
  type: "hand_over";
  session: string;
  id?: number | null;
}

/** The notes as typed so far. The server keeps them with the session and saves them when the session closes. */
export interface TypeNotes {
  type: "notes";
  session: string;
  notes?: string;
  outcome?: string;
  tags?: string[];
  id?: number | null;
}

/** Save the notes, the outcome and the tags, and end the wrap-up. */
export interface WrapUp {
  type: "wrap_up";
  session: string;
  notes?: string;
  outcome?: string;
  tags?: string[];
  id?: number | null;
}

/** A member of staff takes a message that a user left. */
export interface MessageTake {
  type: "message_take";
  message: string;
  id?: number | null;
}

/** A member of staff answers a message that a user left. Its contact, a mail address, gets a link to the answer. */
export interface MessageAnswer {
  type: "message_answer";
  message: string;
  text: string;
  id?: number | null;
}

/** A message that a user left has been dealt with. */
export interface MessageDone {
  type: "message_done";
  message: string;
  id?: number | null;
}

/**
 * An operator asks for ``wallboard``, now and at each change.
 *
 * With ``session``, the server also sends ``call_quality`` of that session every 2 s. A later ``watch`` replaces an earlier one.
 */
export interface Watch {
  type: "watch";
  session?: string | null;
  id?: number | null;
}

/** An operator ends a session. */
export interface EndSession {
  type: "end_session";
  session: string;
  id?: number | null;
}

/** An operator begins or stops listening in. Everybody in the call is told at once. */
export interface Listen {
  type: "listen";
  session: string;
  on: boolean;
  id?: number | null;
}

/**
 * An operator who listens in whispers to the counselor, joins the call, or only listens again.
 *
 * The same message says that the microphone was turned on or off, and changes the answer about recording. ``record``: whether an
 * operator who joins may be recorded; needed if the call may be recorded.
 */
export interface SetListening {
  type: "listen_as";
  session: string;
  how: ListenAs;
  mic?: boolean;
  record?: boolean | null;
  id?: number | null;
}

/** A colleague who was mentioned in a session begins or stops reading along. The staff of the session are told. */
export interface ReadAlong {
  type: "read_along";
  session: string;
  on: boolean;
  id?: number | null;
}

/** An operator signs a member of staff out. */
export interface SignOutStaff {
  type: "sign_out_staff";
  staff: string;
  id?: number | null;
}

/** Begin or stop seeing the user's page. The user is told who sees the page. */
export interface WatchPage {
  type: "watch_page";
  session: string;
  on: boolean;
  id?: number | null;
}

/** A place on the user's page: in ten-thousandths of the width and height of an element's box, which it may leave. */
export interface Spot {
  x: number;
  y: number;
}

/**
 * Show something on the user's page.
 *
 * ``node``: number of an element in the snapshot. ``kind``: a pointer at one spot, a frame around the element, or a drawn line.
 */
export interface PointPage {
  type: "point_page";
  session: string;
  kind: "pointer" | "frame" | "line";
  node: number;
  spots?: Spot[];
  id?: number | null;
}

/** Propose a page of the same site to the user, who may open it. */
export interface ProposeLink {
  type: "propose_link";
  session: string;
  url: string;
  id?: number | null;
}
