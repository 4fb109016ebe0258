// Generated from signaling/protocol/session_views.py by `make messages`. Do not edit.

import type { Audience, CallbackState, Channel, GuestLabel, HelpState, Interrupted, ListenAs, Listening, Mode, NobodyWhy, Original, PictureLimit, Provenance, Role, SessionState, TransferHow } from "./words";
import type { EndReason } from "./reasons";

/**
 * The media that a participant sends now.
 *
 * ``interrupted`` names the devices that are wanted but taken away by the participant's system, for example during a phone call.
 */
export interface Media {
  mic: boolean;
  camera: boolean;
  screen: boolean;
  interrupted: Interrupted;
}

/**
 * One fact about the visit.
 *
 * ``name`` is one of page_url, page_title, language, category, user_id, user_name, user_contact, product_id, product_name,
 * product_price, product_url, product_picture (a picture id), note, a ``form.*`` (an answer in the category's form), or a
 * ``claim.*`` that the partner defines.
 */
export interface BriefField {
  name: string;
  value: string;
  provenance: Provenance;
}

/**
 * One step of the user on the site: a page that they visited, or a click on a marked element.
 *
 * ``dwell_s`` is known for pages only.
 */
export interface TrailStep {
  kind: "page" | "mark";
  label: string;
  at: number;
  url: string;
  dwell_s: number;
}

/** The basic counselling information. */
export interface Brief {
  fields: BriefField[];
  trail: TrailStep[];
  earlier_sessions: EarlierSession[];
}

/** An earlier session of the same user, as the brief lists it. */
export interface EarlierSession {
  id: string;
  started_at: number;
  category: string;
  counselor: string;
  wrap_up: string;
}

/** The partner's site, as the pages show it. */
export interface SiteView {
  id: string;
  name: string;
  accent: string;
  privacy_url: string;
  home_url: string;
  file_mb: number;
  read_marks: boolean;
  logo: string;
  channels: Channel[];
  waiting_notice: string;
  recording_notice: string;
}

/** A field of the form before a conversation, in the language of the page. ``choices``: only of the kind "choice". */
export interface FormFieldView {
  id: string;
  name: string;
  kind: "line" | "text" | "choice";
  required: boolean;
  most: number;
  choices: string[];
}

/** A category of the site. */
export interface CategoryView {
  id: string;
  name: string;
}

/**
 * A person in the session. An ``operator`` listens in. A ``guest`` was invited by a participant.
 *
 * ``label``: what a guest is in the conversation. "camera": the user's phone, which only shows a second picture and has the
 * user's name. ``invited_by``: the participant who invited the guest. Both are empty for everybody else.
 *
 * ``listens``: how an operator takes part. listen: nobody hears them. whisper: only the counselor hears them (in a consultation,
 * the professional, too); users are not told of it. join: everybody hears them. Null for people who are no operators.
 * ``presence``: here; lost (disconnected); left_page (the user of a text session, after a minute without connection); reading (a
 * professional who is catching up, unheard); gone.
 * ``peer``: the state of the person's connection to the media worker; "lost" means that this connection failed.
 */
export interface ParticipantView {
  id: string;
  name: string;
  role: Role;
  presence: "here" | "lost" | "left_page" | "reading" | "gone";
  peer: "none" | "connecting" | "live" | "text_only" | "lost";
  media: Media;
  owner: boolean;
  listens: ListenAs | null;
  label: GuestLabel | "";
  invited_by: string;
}

/** The source of one receiving video section of the browser's offer. */
export interface SlotView {
  participant: string;
  kind: "camera" | "screen";
}

/**
 * The room of a session as one viewer may see it.
 *
 * ``epoch``: counts how often the room was opened. A client whose peer connection has an older epoch makes a new one.
 * ``most_slots``: how many video slots a client's offer should have.
 * ``slots``: slot ("0" to "7") → the video that arrives in it for this viewer.
 * ``hears``: listener → sources. Only live peers are included, whether muted or not. A user or guest gets only the pairs that
 * include them. ``soft``: those of the pairs in which an interpreter covers the source's voice.
 * ``notice``: what the page must tell a user.
 * ``limits``: slot → how this viewer's own link limits its video: a smaller picture ("low"), or none for now ("paused").
 */
export interface RoomView {
  epoch: number;
  media: boolean;
  slots: Record<string, SlotView>;
  hears: Record<string, string[]>;
  soft: Record<string, string[]>;
  most_slots: number;
  board: "write" | "read";
  notice: "" | "asking_professional" | "asking_colleague" | "passing_on" | "on_hold";
  held: boolean;
  passing_to: string;
  limits: Record<string, PictureLimit>;
}

/** The user's request to turn a text session into a voice or video session. It rings for the owner until ``until`` (ms). */
export interface UpgradeView {
  channel: Channel;
  state: "ringing" | "declined" | "missed";
  until: number;
}

/** The user's place in the queue, and the expected wait from ``low_s`` to ``high_s`` (null before five pickups). */
export interface WaitingView {
  place: number;
  low_s: number | null;
  high_s: number | null;
  staffed: boolean;
  ringing: boolean;
  since: number;
  asking_for: string;
}

/**
 * A callback, or an appointment of the user with a member of staff.
 *
 * ``contact``: where the user is called; "" when the partner knows how to reach them.
 * ``came``: whether the called-back user has connected.
 * ``moved``: how often the user or the counselor has moved it to another time.
 * ``staff_name``: with whom an appointment is; "" for a callback by anybody, and for users of a site that hides names.
 * ``minutes``: length of an appointment, or 0.
 * ``anyone``: this member has declined it, missed the ring or not come in time, so the next free counselor takes it.
 */
export interface CallbackView {
  state: CallbackState;
  due_at: number;
  contact: string;
  note: string;
  came: boolean;
  moved: number;
  staff_name: string;
  minutes: number;
  anyone: boolean;
}

/** A help request or a transfer, as staff see it. */
export interface HelpView {
  state: HelpState;
  note: string;
  category: string;
  mode: Mode | null;
  hear_user: boolean;
  professional: string;
  asked: number;
  ringing_until: number | null;
  catch_up_until: number | null;
  asked_at: number;
  transfer: TransferHow;
  to_name: string;
  why: NobodyWhy;
}

/**
 * The state of the call's recording.
 *
 * ``asking``: some participants have not answered yet (``waiting_for``).
 * ``on``: the call is being recorded now.
 * ``off``: a participant refuses (``refused_by``), recording has ``failed``, or the call is over.
 * ``you``: this viewer's own answer. ``kept``: a recorded part exists.
 */
export interface RecordingView {
  state: "asking" | "on" | "off";
  you: "" | "yes" | "no";
  waiting_for: string[];
  refused_by: string[];
  failed: string;
  kept: boolean;
}

/**
 * The state of the call's captions.
 *
 * ``on``: what is said is being written down now, because the participants in ``wanted_by`` want it. A client shows this at all
 * times. ``ready``: captions could be turned on. ``failed``: captions are off, because the service could not go on with them.
 * ``keep``: the site would keep the words if everybody agrees. ``you``: this viewer's own answer. ``kept``: the words are kept.
 * ``translate``: the language in which this viewer also gets captions; empty for none.
 */
export interface CaptionsView {
  on: boolean;
  wanted_by: string[];
  ready: boolean;
  failed: boolean;
  keep: boolean;
  you: "" | "yes" | "no";
  kept: boolean;
  translate: string;
}

/**
 * An invitation whose guest has not entered yet. ``guest``: the id that the guest will have.
 *
 * ``arriving``: the link has been opened, and the guest prepares. Otherwise the link can be used until ``until``.
 */
export interface GuestLinkView {
  guest: string;
  label: GuestLabel;
  by: string;
  until: number;
  arriving: boolean;
}

/**
 * State of the invitations, as the user and staff see them. ``places``: how many more guests may be invited now.
 *
 * ``links``: invitations of guests who have not entered. ``camera``: the viewer may use their phone as a camera.
 */
export interface GuestsView {
  places: number;
  links: GuestLinkView[];
  camera: boolean;
}

/**
 * A guest interprets. ``by``: the name of the person who has set this.
 *
 * ``user``: how the user's side hears staff themselves. ``staff``: how staff hear the user's side. "full": as without an
 * interpreter. "soft": softly under the interpreter. "none": not at all.
 * ``paused``: the interpreter is not connected, is muted, or is on hold with the user, so that nobody is covered now.
 */
export interface InterpretingView {
  guest: string;
  by: string;
  user: Original;
  staff: Original;
  paused: boolean;
}

/**
 * The state of co-browsing: whether staff see the page on which the user is.
 *
 * ``texts``: strict shows the texts that the site shares, open all but those that it marks as private. ``by``: participant id of
 * the counselor who asked. ``ready``: a page of the site is open. ``seen_by``: participants who see the page now. ``may_see``:
 * this viewer may see it. ``too_large``: the page cannot be shown. ``crowded``: the server shows as many pages as it can.
 */
export interface CobrowseView {
  state: "" | "asked" | "on";
  texts: "strict" | "open";
  by: string;
  ready: boolean;
  seen_by: string[];
  may_see: boolean;
  too_large: boolean;
  crowded: boolean;
}

/**
 * The opening hours of the category at this moment.
 *
 * ``opens_at``: when the category opens next; null while it is open, or when the next opening is not known.
 * ``callbacks``: whether users may ask to be called back.
 */
export interface OpeningView {
  open: boolean;
  opens_at: number | null;
  callbacks: boolean;
}

/**
 * The user's address for mails.
 *
 * ``to``: the user's address, mostly hidden; "" while none is known. ``copies``: a copy of the conversation may be in a mail.
 */
export interface MailView {
  to: string;
  copies: boolean;
}

/** Pushes to the user. ``on``: in some browser, the user is told of answers by a notification. */
export interface PushView {
  on: boolean;
}

/**
 * A session as one viewer may see it. The server sends all of it at each change.
 *
 * Only counselors and professionals get ``brief``, ``help`` and ``categories``. A guest who has not entered sees a session in
 * preparation, with nobody else in it.
 */
export interface SessionView {
  id: string;
  site: SiteView;
  category: CategoryView;
  language: string;
  channel: Channel;
  state: SessionState;
  you: string;
  contact_needed: boolean;
  participants: ParticipantView[];
  product_picture: string;
  room: RoomView | null;
  recording: RecordingView | null;
  captions: CaptionsView | null;
  guests: GuestsView | null;
  interpreting: InterpretingView | null;
  cobrowse: CobrowseView | null;
  translates: boolean;
  may_listen: boolean;
  listening: Listening;
  may_record: boolean;
  waiting: WaitingView | null;
  opening: OpeningView | null;
  mail: MailView | null;
  push: PushView | null;
  callback: CallbackView | null;
  upgrade: UpgradeView | null;
  owner_lost: boolean;
  choices: ("wait" | "another" | "message")[];
  deadline: number | null;
  lost: string;
  end_reason: EndReason | "";
  brief: Brief | null;
  help: HelpView | null;
  notes: string;
  outcome: string;
  tags: string[];
  rated: boolean;
  wrap_up_until: number | null;
  categories: CategoryView[];
  started_at: number;
  active_at: number | null;
  ended_at: number | null;
}

/** The lines numbered from ``first`` to ``last``, except those that the participant may not read. */
export interface Span {
  first: number;
  last: number;
}

/**
 * The lines that one participant has received and read.
 *
 * ``delivered``: the newest line that the participant's page has. ``read``: lines that were on their screen in a visible page.
 * A user gets one mark for all staff, whose ``participant`` is empty.
 */
export interface Mark {
  participant: string;
  delivered: number;
  read: Span[];
}

/** A text or picture that a line had before it was changed at ``until``. */
export interface Former {
  until: number;
  text: string;
  picture: string;
}

/**
 * One chat message of the session's record.
 *
 * ``kind``: text; picture (``picture`` is its id); file (``text`` is its name; ``args`` has ``file``, its id, ``kind``,
 * ``bytes``, and ``locked`` if it needs a password); note (of staff, for staff); caption (words that were said; ``args`` has
 * ``language`` and ``confidence``, 0 to 1); system. The ``text`` of a system line is a key such as ``joined``, ``left``,
 * ``mode.whisper``, ``help.asked`` or ``recording``. Its ``args`` are values for the sentence that the page shows.
 * ``rev``: number of the line's newest change; ``seq`` until it is changed. A retracted line has neither text nor picture.
 * ``reply_to``: ``seq`` of the line to which this one replies; 0 for none.
 * ``former``: what the line said before, oldest first. Users never get it.
 */
export interface Line {
  seq: number;
  id: string;
  author: string;
  name: string;
  role: Role | "system";
  kind: "text" | "picture" | "file" | "note" | "caption" | "system";
  audience: Audience;
  at: number;
  text: string;
  picture: string;
  args: Record<string, string>;
  rev: number;
  change: "" | "edited" | "retracted";
  changed_at: number;
  reply_to: number;
  former: Former[];
}
