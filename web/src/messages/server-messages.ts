// Generated from signaling/protocol/server_messages.py by `make messages`. Do not edit.

import type { Channel } from "./words";
import type { ByeReason, ErrorReason, OverReason, PeerEndReason } from "./reasons";
import type { Brief, Line, Mark, SessionView, WaitingView } from "./session-views";
import type { MessageLeft, PersonQuality, QueueItem, SessionItem, StaffItem, StaffMe, ThresholdItem, WorkerItem } from "./staff-views";
import type { Spot } from "./staff-messages";

/** The user, or the guest, of this connection. */
export interface UserMe {
  id: string;
  name: string;
}

/** The reply to ``hello``. A ``session`` message for each live session of this client follows. */
export interface Welcome {
  type: "welcome";
  now: number;
  user?: UserMe | null;
  staff?: StaffMe | null;
  resumed?: boolean;
}

/** The message with this ``id`` was carried out. */
export interface Ok {
  type: "ok";
  id: number;
}

/** The reply to ``ping``. */
export interface Pong {
  type: "pong";
  now: number;
  id?: number | null;
}

/** A message was refused. ``reason`` is a key for programs, ``message`` a sentence for people. */
export interface Error {
  type: "error";
  reason: ErrorReason;
  message?: string;
  id?: number | null;
  session?: string;
}

/** The session as it is now, for this client. */
export interface SessionUpdate {
  type: "session";
  session: SessionView;
}

/** For the user in the queue: ``session.waiting`` has changed, and nothing else. */
export interface WaitingUpdate {
  type: "waiting";
  session: string;
  waiting: WaitingView;
}

/** The session is over for this client. ``reason``: why, for example because the client left or saved the wrap-up. */
export interface SessionOver {
  type: "session_over";
  session: string;
  reason: OverReason;
}

/** One server for ``RTCConfiguration.iceServers``. The credentials are for this session and expire after two hours. */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** TURN servers for clients whose network blocks UDP; empty if none is configured. */
export interface Ice {
  type: "ice";
  session: string;
  servers?: IceServer[];
  id?: number | null;
}

/** The reply to ``offer``. ``epoch`` is the epoch of the room in which the peer is. */
export interface Answer {
  type: "answer";
  session: string;
  sdp: string;
  peer: string;
  epoch: number;
  id?: number | null;
}

/** The media worker has ended this client's peer connection. ``reason`` is a key for programs, ``message`` a sentence. */
export interface PeerEnded {
  type: "peer_ended";
  session: string;
  peer: string;
  reason: PeerEndReason;
  message: string;
}

/** The line with the client's id ``line`` is stored under the number ``seq``. */
export interface LineAck {
  type: "ack";
  session: string;
  line: string;
  seq: number;
  at: number;
}

/** A new line of the session. */
export interface NewLine {
  type: "line";
  session: string;
  line: Line;
}

/** A line was edited or retracted. This is the line as it is now. */
export interface LineChanged {
  type: "line_changed";
  session: string;
  line: Line;
}

/** The lines that the other participants have received and read. Sent at each change, with all marks of the session. */
export interface LineMarks {
  type: "line_marks";
  session: string;
  marks: Mark[];
}

/**
 * The reply to ``lines``. ``more``: there are further lines, after these or, if ``before`` was asked, before them.
 *
 * Lines after a number come in the order of ``rev``, a page of ``before`` in the order of ``seq``. ``before`` is as asked.
 * ``rev``: the newest number of the session.
 */
export interface Lines {
  type: "lines";
  session: string;
  lines: Line[];
  more?: boolean;
  before?: number | null;
  rev?: number;
  id?: number | null;
}

/** The reply to ``colleagues``: the members of staff who could take the session over, or who can be mentioned. */
export interface Colleagues {
  type: "colleagues";
  session: string;
  people: StaffItem[];
  id?: number | null;
}

/**
 * A colleague (``by``) has mentioned this member of staff in a session. ``user``: the name of the session's user.
 *
 * Sent at once, and again whenever the member connects, until the member has read along. The message does not say what was
 * written.
 */
export interface MentionOut {
  type: "mentioned";
  session: string;
  seq: number;
  at: number;
  by: string;
  user: string;
  site: string;
  category: string;
}

/** This client no longer reads along. ``replaced``: another tab of the same member reads along instead. */
export interface ReadingAlong {
  type: "reading_along";
  session: string;
  reason: "ended" | "turned_off" | "replaced";
}

/**
 * The reply to ``callback_times``.
 *
 * ``minutes``: length of an appointment; 0 if the site gives callbacks only. ``staff``: a member of staff whom the user knows;
 * "" if there is none. ``staff_times``: those of the times at which this member is free.
 */
export interface CallbackTimes {
  type: "callback_times";
  session: string;
  times: number[];
  minutes?: number;
  staff?: string;
  staff_name?: string;
  staff_times?: number[];
  id?: number | null;
}

/** The reply to ``invite``. ``url`` works once, until ``expires_at``, and only while this counselor has the callback. */
export interface Invite {
  type: "invite";
  session: string;
  url: string;
  expires_at: number;
  id?: number | null;
}

/**
 * The reply to ``invite_guest``. ``url`` works once, until ``expires_at``. ``guest``: the id that the guest will have.
 *
 * ``qr``: the link as a QR code (SVG).
 */
export interface GuestLink {
  type: "guest_link";
  session: string;
  guest: string;
  url: string;
  qr: string;
  expires_at: number;
  id?: number | null;
}

/** The reply to ``continue_elsewhere``. ``url`` works once, until ``expires_at``. ``qr``: the link as a QR code (SVG). */
export interface Elsewhere {
  type: "elsewhere";
  session: string;
  url: string;
  qr: string;
  expires_at: number;
  id?: number | null;
}

/** A participant has begun or stopped typing. */
export interface TypingNow {
  type: "typing";
  session: string;
  participant: string;
  on: boolean;
}

/** The participants who speak now. */
export interface Speaking {
  type: "speaking";
  session: string;
  participants: string[];
}

/**
 * Words that a participant has just said, for those who could hear them.
 *
 * A later caption with the same ``utterance`` replaces an earlier one. ``final``: no later one follows. ``lost``: some words of
 * this participant were not written down; ``text`` is then empty. ``translation``: the text in the language ``translated_to``.
 */
export interface Caption {
  type: "caption";
  session: string;
  participant: string;
  utterance: number;
  text: string;
  language?: string;
  confidence?: number;
  final?: boolean;
  lost?: boolean;
  translation?: string;
  translated_to?: string;
}

/**
 * A line in another language, by a machine. ``failed``: the service could not translate it; ask again later.
 *
 * ``rev``: the version of the line that was translated. ``source``: the language of the original, if the service has told it.
 */
export interface Translated {
  type: "translated";
  session: string;
  seq: number;
  rev: number;
  language: string;
  text?: string;
  source?: string;
  failed?: boolean;
}

/** One message of the board, for a client without a data channel. */
export interface BoardOut {
  type: "board";
  session: string;
  data: string;
}

/**
 * To the connection that shows the user's page: whether staff may see the page, and who sees it now.
 *
 * The page is captured only while ``on`` and ``seen_by`` names somebody. ``texts``: which texts may leave the page. ``by``: the
 * counselor who asked. ``recorded``: what is seen is kept with the recording.
 */
export interface PageState {
  type: "page_state";
  session: string;
  on: boolean;
  texts?: "strict" | "open";
  by?: string;
  seen_by?: string[];
  recorded?: boolean;
  origins?: string[];
}

/** To the connection that shows the user's page: send a new snapshot after so many milliseconds, and nothing until then. */
export interface PageAgain {
  type: "page_again";
  session: string;
  after_ms?: number;
}

/** One part of the user's page, for staff who see it (see ``page`` of clients). */
export interface PageOut {
  type: "page";
  session: string;
  data: string;
  first?: boolean;
  more?: boolean;
}

/** To the connection that shows the user's page: a member of staff shows something on it. */
export interface Pointed {
  type: "pointed";
  session: string;
  name: string;
  kind: "pointer" | "frame" | "line";
  node: number;
  spots?: Spot[];
}

/** To the connection that shows the user's page: a member of staff proposes a page of the same site. */
export interface LinkProposed {
  type: "link_proposed";
  session: string;
  name: string;
  url: string;
}

/** A newer tab of the same person has taken over this session. */
export interface Replaced {
  type: "replaced";
  session: string;
}

/**
 * A request that rings for a member of staff.
 *
 * Of the brief, the ring of a help request shows only the product's name, until the request is accepted.
 * ``from_name``: who asks: the user, or the owner who asks for help or a transfer. ``with_name``: with whom an appointment is.
 */
export interface Ring {
  type: "ring";
  reservation: string;
  kind: "user" | "help" | "transfer" | "callback";
  session: string;
  expires_at: number;
  waiting_since: number;
  site: string;
  category: string;
  language: string;
  channel: Channel;
  brief?: Brief | null;
  note?: string;
  product?: string;
  from_name?: string;
  with_name?: string;
}

/** A ring has ended. */
export interface RingOver {
  type: "ring_over";
  reservation: string;
  reason: "accepted" | "accepted_elsewhere" | "declined" | "expired" | "cancelled";
}

/** The state of this member of staff has changed. */
export interface StaffUpdate {
  type: "staff";
  me: StaffMe;
}

/**
 * The requests that this member of staff could serve.
 *
 * ``waiting``: the requests that have waited longest; ``more``: the number of waiting requests beyond these.
 * ``callbacks``: callbacks and appointments whose time has not come; their ``since`` is when they are due.
 * ``messages``: messages that users left.
 */
export interface Queue {
  type: "queue";
  waiting?: QueueItem[];
  more?: number;
  callbacks?: QueueItem[];
  messages?: MessageLeft[];
}

/**
 * An operator's overview of the sites that this operator may watch.
 *
 * ``workers``: empty unless this operator may see the installation. ``left_today``: how many users gave up waiting today.
 */
export interface Wallboard {
  type: "wallboard";
  now: number;
  waiting?: QueueItem[];
  more?: number;
  callbacks?: QueueItem[];
  sessions?: SessionItem[];
  staff?: StaffItem[];
  workers?: WorkerItem[];
  served_today?: number;
  left_today?: number;
  service_level_percent?: number | null;
  rating_today?: number | null;
  thresholds?: ThresholdItem[];
}

/**
 * The wallboard's figures over the last two hours: one point every ``every_ms``, oldest first, the last at ``ends_at``.
 *
 * ``left``: users who gave up since the previous point.
 * ``level``: the service level of the half hour before the point, in percent; null when nobody was answered or left then.
 */
export interface Trend {
  type: "trend";
  ends_at: number;
  every_ms: number;
  waiting?: number[];
  longest_s?: number[];
  left?: number[];
  level?: (number | null)[];
}

/** The quality of each participant's connection, for an operator who watches this session. */
export interface CallQuality {
  type: "call_quality";
  session: string;
  people?: PersonQuality[];
}

/**
 * The server closes this connection.
 *
 * ``reason``: ``token`` means that the token is unknown or has expired. ``crowded`` means that too many clients reconnect at the
 * same time.
 * ``retry_ms``: the least time to wait before reconnecting. Null: the client chooses the time by its own backoff.
 */
export interface Bye {
  type: "bye";
  reason: ByeReason;
  retry_ms?: number | null;
}

export type ServerMessage =
  | Welcome
  | Ok
  | Pong
  | Error
  | SessionUpdate
  | WaitingUpdate
  | SessionOver
  | Ice
  | Answer
  | PeerEnded
  | LineAck
  | NewLine
  | LineChanged
  | LineMarks
  | Lines
  | Colleagues
  | MentionOut
  | ReadingAlong
  | CallbackTimes
  | Invite
  | GuestLink
  | Elsewhere
  | TypingNow
  | Speaking
  | Caption
  | Translated
  | BoardOut
  | PageState
  | PageAgain
  | PageOut
  | Pointed
  | LinkProposed
  | Replaced
  | Ring
  | RingOver
  | StaffUpdate
  | Queue
  | Wallboard
  | Trend
  | CallQuality
  | Bye;
