// Generated from signaling/protocol/client_messages.py by `make messages`. Do not edit.

import type { Audience, Channel, GuestLabel, Interrupted, Original } from "./words";
import type { Span } from "./session-views";
import type { Accept, AnswerUpgrade, AskHelp, AskTransfer, CancelHelp, Decline, EndSession, GetColleagues, GetInvite, HandOver, Hold, Join, Listen, MessageAnswer, MessageDone, MessageTake, MissCallback, MoveCallback, PointPage, ProposeLink, PutToSleep, ReadAlong, SetListening, SetMode, SetState, SetTextsInCall, SignOutStaff, TypeNotes, Watch, WatchPage, WrapUp } from "./staff-messages";

/**
 * The first message of every connection. A user's message has the session token; staff are known by their cookie.
 *
 * ``desk``: whether a member of staff serves users here. False on the operators' page: nothing rings there.
 * ``page``: the connection only shows the page on which the user is (see *co-browsing* in docs/protocol.md). It acts for nobody.
 */
export interface Hello {
  type: "hello";
  tab: string;
  token?: string;
  locale?: string;
  version?: number;
  desk?: boolean;
  page?: boolean;
}

/** Ask for a ``pong``, to see that the connection is alive. */
export interface Ping {
  type: "ping";
  id?: number | null;
}

/** Tell whether the page is in front of the person. While it is hidden, a push may tell them what happens. */
export interface Looking {
  type: "looking";
  on: boolean;
  id?: number | null;
}

/** The user leaves *prepare* and asks for a counselor. */
export interface Enter {
  type: "enter";
  session: string;
  id?: number | null;
  channel?: Channel | null;
  name?: string;
  note?: string;
}

/** The SDP offer of a peer connection. The reply is ``answer``. */
export interface Offer {
  type: "offer";
  session: string;
  sdp: string;
  id?: number | null;
}

/** Ask for TURN servers before each new peer connection. The reply is ``ice``. */
export interface GetIce {
  type: "ice";
  session: string;
  id?: number | null;
}

/** The client reports the state of its peer connection: live, text_only (no media path within 5 s), or lost (failed). */
export interface PeerReport {
  type: "peer";
  session: string;
  state: "live" | "text_only" | "lost";
  id?: number | null;
}

/** The client reports which media it sends now, and which devices its system has interrupted. */
export interface SetMedia {
  type: "media";
  session: string;
  mic?: boolean;
  camera?: boolean;
  screen?: boolean;
  interrupted?: Interrupted;
  id?: number | null;
}

/**
 * Turn a text session into a voice or video session, or a voice session into a video session.
 *
 * If the user sends this message in a text conversation with a counselor, their request rings for the owner, who answers with
 * ``upgrade``.
 */
export interface AddChannel {
  type: "channel";
  session: string;
  channel: Channel;
  id?: number | null;
}

/**
 * Send a line. ``line`` is the client's id for the line.
 *
 * The client repeats the message until the line's ``ack`` arrives; the server stores the line once.
 * ``mentions``: colleagues whom a line for staff names. They are notified and may read along.
 */
export interface SendLine {
  type: "line";
  session: string;
  line: string;
  kind?: "text" | "picture" | "note";
  audience?: Audience;
  text?: string;
  picture?: string;
  reply_to?: number;
  mentions?: string[];
  id?: number | null;
}

/**
 * Change the text of the client's own line ``seq``, within five minutes after it was sent.
 *
 * The texts of pictures, files and captions cannot be changed.
 */
export interface EditLine {
  type: "edit_line";
  session: string;
  seq: number;
  text: string;
  id?: number | null;
}

/** Retract the client's own line ``seq``, within five minutes after it was sent. */
export interface RetractLine {
  type: "retract_line";
  session: string;
  seq: number;
  id?: number | null;
}

/** Report read lines. ``delivered``: the newest line that the page has. ``spans``: lines that a visible page has shown. */
export interface ReportRead {
  type: "read";
  session: string;
  delivered?: number;
  spans?: Span[];
  id?: number | null;
}

/**
 * Ask for lines. The reply is ``lines``.
 *
 * Without ``before``: the lines that are new or have changed, those whose ``rev`` is above ``after``. With ``before``: the page
 * of lines just before the line of this ``seq``; 0 asks for the newest page.
 */
export interface GetLines {
  type: "lines";
  session: string;
  after?: number;
  before?: number | null;
  id?: number | null;
}

/** The user or member of staff at this client has begun or stopped typing. */
export interface Typing {
  type: "typing";
  session: string;
  on: boolean;
  audience?: Audience;
  id?: number | null;
}

/** One message of the board, over the WebSocket because there is no data channel. */
export interface BoardMessage {
  type: "board";
  session: string;
  data: string;
  id?: number | null;
}

/** A user or the owner ends the session, or a professional or a guest leaves it. */
export interface Leave {
  type: "leave";
  session: string;
  id?: number | null;
}

/** The user takes one of the ways to go on that ``session.choices`` offers. */
export interface Choose {
  type: "choose";
  session: string;
  choice: "wait" | "another" | "message";
  id?: number | null;
}

/** The user leaves a message and a contact, instead of waiting for a counselor. */
export interface LeaveMessage {
  type: "leave_message";
  session: string;
  contact: string;
  text?: string;
  id?: number | null;
}

/**
 * Ask for possible callback times. ``channel``: of an appointment; null: that of the session.
 *
 * ``timezone``: the client's IANA zone. The times are full and half hours on its clocks. For a category that never closes, the
 * zone also defines when it is day.
 */
export interface GetCallbackTimes {
  type: "callback_times";
  session: string;
  timezone?: string;
  channel?: Channel | null;
  id?: number | null;
}

/**
 * Book a callback ``at`` a time within the opening hours, or move a booked one to another time.
 *
 * ``contact`` may be empty if the site can reach the user (``contact_needed`` is false). When a booked callback is moved, an
 * empty ``contact`` keeps the earlier one.
 * If the site gives appointments: ``staff`` is the member in the ``callback_times``, or "" for anyone. ``channel`` is how the
 * appointment takes place; null: by the session's channel. ``timezone``: the client's IANA zone, in which mails tell the time.
 */
export interface AskCallback {
  type: "callback";
  session: string;
  at: number;
  contact?: string;
  note?: string;
  staff?: string;
  channel?: Channel | null;
  timezone?: string;
  id?: number | null;
}

/** The user cancels their callback or appointment, which nobody has accepted yet. */
export interface CancelCallback {
  type: "cancel_callback";
  session: string;
  id?: number | null;
}

/** The user rates the session. */
export interface Rate {
  type: "rate";
  session: string;
  score: number;
  words?: string;
  id?: number | null;
}

/** Agree to be recorded, refuse, or withdraw consent. If the user refuses, the recorded part is deleted. */
export interface AnswerRecording {
  type: "recording";
  session: string;
  agree: boolean;
  id?: number | null;
}

/**
 * Turn captions on or off. They stay on while another participant wants them.
 *
 * ``translate``: the language in which this person also wants the captions; empty for none. Needs ``session.translates``.
 */
export interface SetCaptions {
  type: "captions";
  session: string;
  on: boolean;
  translate?: string;
  id?: number | null;
}

/** Translate a line for this person. The answer is ``ok``, and then ``translated``. */
export interface TranslateLine {
  type: "translate";
  session: string;
  seq: number;
  language: string;
  id?: number | null;
}

/** Agree that the captions are kept with the conversation, refuse, or withdraw consent. */
export interface KeepCaptions {
  type: "keep_captions";
  session: string;
  agree: boolean;
  id?: number | null;
}

/** Ask for a link by which the user continues the session on another device. The reply is ``elsewhere``. */
export interface ContinueElsewhere {
  type: "continue_elsewhere";
  session: string;
  id?: number | null;
}

/**
 * Ask for a link by which one guest may enter. The reply is ``guest_link``.
 *
 * ``label`` "camera": the user's own phone, which only shows a second picture.
 */
export interface InviteGuest {
  type: "invite_guest";
  session: string;
  label: GuestLabel;
  id?: number | null;
}

/** Remove a guest, or withdraw the link that this guest has not used. */
export interface RemoveGuest {
  type: "remove_guest";
  session: string;
  guest: string;
  id?: number | null;
}

/** A guest enters the conversation. ``record``: whether the guest agrees to a recording that is under way. */
export interface EnterAsGuest {
  type: "enter_guest";
  session: string;
  name?: string;
  record?: boolean | null;
  id?: number | null;
}

/** Set how one side hears the other's own voices while a guest interprets. "full" on both sides ends the interpreting. */
export interface SetInterpreter {
  type: "interpret";
  session: string;
  guest: string;
  side: "user" | "staff";
  original: Original;
  id?: number | null;
}

/** The owner asks to see the page on which the user is (``on``), or stops. The user agrees, refuses, or stops. */
export interface SetCobrowse {
  type: "cobrowse";
  session: string;
  on: boolean;
  id?: number | null;
}

/**
 * One part of the user's page, from the connection that shows it (``hello.page``).
 *
 * ``data``: base64 of a piece of one batch: compressed (deflate-raw) JSON, a list of events. ``more``: the batch goes on in the
 * next message. ``first``: the batch begins with a whole snapshot.
 */
export interface SendPage {
  type: "page";
  session: string;
  data: string;
  first?: boolean;
  more?: boolean;
}

export type ClientMessage =
  | Hello
  | Ping
  | Looking
  | Enter
  | GetIce
  | Offer
  | PeerReport
  | SetMedia
  | AddChannel
  | SendLine
  | EditLine
  | RetractLine
  | ReportRead
  | GetLines
  | Typing
  | BoardMessage
  | Leave
  | Choose
  | LeaveMessage
  | GetCallbackTimes
  | AskCallback
  | CancelCallback
  | ContinueElsewhere
  | Rate
  | AnswerRecording
  | SetCaptions
  | KeepCaptions
  | TranslateLine
  | InviteGuest
  | RemoveGuest
  | EnterAsGuest
  | SetInterpreter
  | SetCobrowse
  | SendPage
  | SetState
  | SetTextsInCall
  | Accept
  | Decline
  | MoveCallback
  | MissCallback
  | GetInvite
  | AskHelp
  | AskTransfer
  | GetColleagues
  | CancelHelp
  | Join
  | SetMode
  | AnswerUpgrade
  | PutToSleep
  | Hold
  | HandOver
  | TypeNotes
  | WrapUp
  | MessageTake
  | MessageAnswer
  | MessageDone
  | Watch
  | EndSession
  | Listen
  | SetListening
  | ReadAlong
  | SignOutStaff
  | WatchPage
  | PointPage
  | ProposeLink;
