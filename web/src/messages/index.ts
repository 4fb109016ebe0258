// Generated from docs/messages.json by `make messages`. Do not edit.

export type Role = "user" | "counselor" | "professional" | "operator" | "guest";
export type GuestLabel = "family" | "interpreter" | "colleague" | "other" | "camera";
export type Original = "full" | "soft" | "none";
export type StaffRole = "administrator" | "owner" | "manager" | "supervisor" | "counselor" | "professional";
export type Office = "administrator" | "owner" | "manager" | "supervisor";
export type Action =
  | "account.own"
  | "session.visit"
  | "session.talk"
  | "session.hear"
  | "session.callback"
  | "session.serve"
  | "session.join"
  | "session.guests"
  | "session.page"
  | "desk.work"
  | "desk.look"
  | "desk.choose"
  | "sign_in.change"
  | "sign_in.rules"
  | "live.watch"
  | "live.listen"
  | "live.speak"
  | "live.end"
  | "live.sign_out"
  | "sites.list"
  | "past.read"
  | "past.see"
  | "past.play"
  | "past.erase"
  | "reports.read"
  | "audit.read"
  | "audit.undo"
  | "thresholds.change"
  | "outcomes.read"
  | "outcomes.change"
  | "hours.change"
  | "replies.see"
  | "replies.change"
  | "sites.change"
  | "sites.add"
  | "keys.change"
  | "people.change"
  | "owners.change"
  | "organisations.change"
  | "installation.see"
  | "messages.manage"
  | "appointments.manage"
  | "tokens.change"
  | "webhooks.change";
export type TokenRight =
  | "sessions.read"
  | "sessions.export"
  | "sessions.erase"
  | "messages.read"
  | "messages.mark"
  | "live.read"
  | "reports.read"
  | "settings.read"
  | "settings.write"
  | "codes.make"
  | "keys.write"
  | "conversations.start"
  | "appointments.read"
  | "appointments.change"
  | "appointments.book";
export type Channel = "text" | "voice" | "video";
export type Audience = "all" | "staff";
export type Mode = "consultation" | "whisper" | "conference";
export type ListenAs = "listen" | "whisper" | "join";
export type Listening = "off" | "on" | "whisper" | "join";
export type Captions = "off" | "live" | "keep";
export type Cobrowse = "off" | "strict" | "open";
export type Grade = "good" | "fair" | "poor";
export type SessionState = "preparing" | "waiting" | "callback" | "active" | "asleep" | "after" | "message_left" | "closed";
export type CallbackState = "scheduled" | "due" | "calling" | "done" | "missed" | "cancelled";
export type AppointmentTrouble = "staff_gone" | "not_working" | "closed";
export type HelpState = "asking" | "catching_up" | "joined" | "nobody" | "cancelled" | "handed_over" | "ended";
export type StaffState = "away" | "available" | "reserved" | "busy" | "wrap_up" | "lost" | "signed_out";
export type TransferHow = "" | "now" | "consult";
export type NobodyWhy = "" | "declined" | "expired" | "nobody";
export type PictureLimit = "low" | "paused";
export type Interrupted = "" | "mic" | "camera" | "both";
export type Provenance = "signed" | "claimed" | "typed";
export type ThresholdFigure = "waiting" | "longest_s" | "level" | "left" | "poor";
export type CodeReason =
  | "unknown_site"
  | "unknown_category"
  | "unknown_language"
  | "wrong_origin"
  | "bad_signature"
  | "wrong_algorithm"
  | "keys_unavailable"
  | "expired"
  | "not_yet_valid"
  | "too_old"
  | "other_server"
  | "replayed"
  | "too_large"
  | "malformed"
  | "trail_too_long"
  | "too_many_site"
  | "too_many_address";
export type InviteReason = "bad_invite" | "expired" | "replayed" | "over";
export type MailReason = "mail_off" | "bad_address" | "unsubscribed" | "too_many_mails" | "mail_full";
export type SignInReason =
  | "wrong_credentials"
  | "too_many_sign_ins"
  | "wrong_password"
  | "weak_password"
  | "link_over"
  | "code_needed"
  | "wrong_code"
  | "prove_first"
  | "app_exists"
  | "passkey_refused"
  | "passkey_needed"
  | "too_many_passkeys"
  | "provider_off"
  | "provider_unavailable"
  | "provider_refused"
  | "no_role"
  | "no_role_claim"
  | "state_over"
  | "by_provider"
  | "provider_only";
export type PictureReason = "not_a_picture" | "picture_too_large" | "picture_too_costly" | "picture_damaged";
export type FileReason =
  "file_empty" | "file_unknown" | "file_mislabelled" | "file_has_macros" | "file_damaged" | "file_infected" | "scan_failed";
export type CrowdedReason = "full" | "overloaded" | "pictures" | "files";
export type SessionReason =
  | "wrong_state"
  | "outcome_needed"
  | "not_yours"
  | "replaced"
  | "unknown"
  | "channel"
  | "too_late"
  | "too_often"
  | "ringing"
  | "recording"
  | "captions_off"
  | "guests_off"
  | "too_many_guests"
  | "listening_off"
  | "speaking_off"
  | "not_mentioned"
  | "unknown_colleague"
  | "staff_lines_only"
  | "no_help"
  | "not_pending"
  | "closed"
  | "unavailable"
  | "not_offered"
  | "form_needed"
  | "full"
  | "no_contact"
  | "out_of_hours"
  | "empty"
  | "unknown_picture"
  | "unknown_line"
  | "no_worker"
  | "bad_board";
export type MatcherReason = "unknown" | "stale_fence" | "not_pending" | "wrong_state" | "busy" | "duplicate" | "full";
export type WorkerReason = "stale_epoch" | "no_room" | "no_peer" | "bad_request" | "bad_sdp" | "full" | "draining";
export type CommandReason =
  | "wrong_state"
  | "outcome_needed"
  | "not_yours"
  | "replaced"
  | "unknown"
  | "channel"
  | "too_late"
  | "too_often"
  | "ringing"
  | "recording"
  | "captions_off"
  | "guests_off"
  | "too_many_guests"
  | "listening_off"
  | "speaking_off"
  | "not_mentioned"
  | "unknown_colleague"
  | "staff_lines_only"
  | "no_help"
  | "not_pending"
  | "closed"
  | "unavailable"
  | "not_offered"
  | "form_needed"
  | "full"
  | "no_contact"
  | "out_of_hours"
  | "empty"
  | "unknown_picture"
  | "unknown_line"
  | "no_worker"
  | "bad_board"
  | "stale_fence"
  | "busy"
  | "duplicate"
  | "stale_epoch"
  | "no_room"
  | "no_peer"
  | "bad_request"
  | "bad_sdp"
  | "draining";
export type ErrorReason =
  | "wrong_state"
  | "outcome_needed"
  | "not_yours"
  | "replaced"
  | "unknown"
  | "channel"
  | "too_late"
  | "too_often"
  | "ringing"
  | "recording"
  | "captions_off"
  | "guests_off"
  | "too_many_guests"
  | "listening_off"
  | "speaking_off"
  | "not_mentioned"
  | "unknown_colleague"
  | "staff_lines_only"
  | "no_help"
  | "not_pending"
  | "closed"
  | "unavailable"
  | "not_offered"
  | "form_needed"
  | "full"
  | "no_contact"
  | "out_of_hours"
  | "empty"
  | "unknown_picture"
  | "unknown_line"
  | "no_worker"
  | "bad_board"
  | "stale_fence"
  | "busy"
  | "duplicate"
  | "stale_epoch"
  | "no_room"
  | "no_peer"
  | "bad_request"
  | "bad_sdp"
  | "draining"
  | "bad_message"
  | "too_many"
  | "failed";
export type RequestReason =
  | "bad_request"
  | "too_large"
  | "too_slow"
  | "not_found"
  | "wrong_method"
  | "wrong_origin"
  | "signed_out"
  | "not_allowed"
  | "busy"
  | "wrong_state"
  | "session_full"
  | "too_many_pictures"
  | "too_many_files"
  | "file_too_large"
  | "files_off"
  | "disk_full"
  | "too_many_replies"
  | "too_many_notes"
  | "unknown_person"
  | "past_off"
  | "form_needed"
  | "open_elsewhere"
  | "too_many_sockets"
  | "unknown_language"
  | "bad_table"
  | "bad_plan"
  | "bad_hours"
  | "bad_thresholds"
  | "bad_webhook"
  | "push_off"
  | "bad_push"
  | "too_many_webhooks"
  | "webhook_taken"
  | "invalid"
  | "changed_meanwhile"
  | "bad_provider"
  | "unavailable"
  | "internal";
export type UndoReason = "secret_gone" | "picture_gone" | "person_gone" | "texts_gone" | "category_gone" | "other_form";
export type ApiReason = "bad_token" | "precondition_needed" | "key_reused" | "in_progress" | "erased";
export type FieldProblem =
  | "needed"
  | "too_many"
  | "too_long"
  | "bad_id"
  | "bad_name"
  | "bad_origin"
  | "bad_address"
  | "bad_language"
  | "bad_colour"
  | "bad_number"
  | "bad_parent"
  | "unknown"
  | "taken"
  | "two_parts"
  | "no_capacity"
  | "last_owner"
  | "not_yours"
  | "bad_mail"
  | "bad_key"
  | "private_key"
  | "no_keys"
  | "one_kind"
  | "private_address"
  | "text_only"
  | "unknown_value"
  | "not_allowed";
export type HttpReason =
  | "bad_request"
  | "too_large"
  | "too_slow"
  | "not_found"
  | "wrong_method"
  | "wrong_origin"
  | "signed_out"
  | "not_allowed"
  | "busy"
  | "wrong_state"
  | "session_full"
  | "too_many_pictures"
  | "too_many_files"
  | "file_too_large"
  | "files_off"
  | "disk_full"
  | "too_many_replies"
  | "too_many_notes"
  | "unknown_person"
  | "past_off"
  | "form_needed"
  | "open_elsewhere"
  | "too_many_sockets"
  | "unknown_language"
  | "bad_table"
  | "bad_plan"
  | "bad_hours"
  | "bad_thresholds"
  | "bad_webhook"
  | "push_off"
  | "bad_push"
  | "too_many_webhooks"
  | "webhook_taken"
  | "invalid"
  | "changed_meanwhile"
  | "bad_provider"
  | "unavailable"
  | "internal"
  | "secret_gone"
  | "picture_gone"
  | "person_gone"
  | "texts_gone"
  | "category_gone"
  | "other_form"
  | "bad_token"
  | "precondition_needed"
  | "key_reused"
  | "in_progress"
  | "erased"
  | "unknown_site"
  | "unknown_category"
  | "bad_signature"
  | "wrong_algorithm"
  | "keys_unavailable"
  | "expired"
  | "not_yet_valid"
  | "too_old"
  | "other_server"
  | "replayed"
  | "malformed"
  | "trail_too_long"
  | "too_many_site"
  | "too_many_address"
  | "bad_invite"
  | "over"
  | "mail_off"
  | "bad_address"
  | "unsubscribed"
  | "too_many_mails"
  | "mail_full"
  | "wrong_credentials"
  | "too_many_sign_ins"
  | "wrong_password"
  | "weak_password"
  | "link_over"
  | "code_needed"
  | "wrong_code"
  | "prove_first"
  | "app_exists"
  | "passkey_refused"
  | "passkey_needed"
  | "too_many_passkeys"
  | "provider_off"
  | "provider_unavailable"
  | "provider_refused"
  | "no_role"
  | "no_role_claim"
  | "state_over"
  | "by_provider"
  | "provider_only"
  | "not_a_picture"
  | "picture_too_large"
  | "picture_too_costly"
  | "picture_damaged"
  | "file_empty"
  | "file_unknown"
  | "file_mislabelled"
  | "file_has_macros"
  | "file_damaged"
  | "file_infected"
  | "scan_failed"
  | "full"
  | "overloaded"
  | "pictures"
  | "files"
  | "outcome_needed"
  | "not_yours"
  | "replaced"
  | "unknown"
  | "channel"
  | "too_late"
  | "too_often"
  | "ringing"
  | "recording"
  | "captions_off"
  | "guests_off"
  | "too_many_guests"
  | "listening_off"
  | "speaking_off"
  | "not_mentioned"
  | "unknown_colleague"
  | "staff_lines_only"
  | "no_help"
  | "not_pending"
  | "closed"
  | "not_offered"
  | "no_contact"
  | "out_of_hours"
  | "empty"
  | "unknown_picture"
  | "unknown_line"
  | "no_worker"
  | "bad_board"
  | "stale_fence"
  | "duplicate"
  | "stale_epoch"
  | "no_room"
  | "no_peer"
  | "bad_sdp"
  | "draining";
export type ByeReason = "restart" | "replaced" | "token" | "signed_out" | "slow_client" | "too_many" | "crowded";
export type PeerEndReason =
  | "never_connected"
  | "silent"
  | "no_consent"
  | "dtls_failed"
  | "not_draining"
  | "too_many_channels"
  | "sctp_malformed"
  | "sctp_overflow"
  | "internal";
export type EndReason =
  | "left"
  | "hung_up"
  | "user_lost"
  | "owner_lost"
  | "idle"
  | "operator"
  | "unserved"
  | "erased"
  | "wrapped_up"
  | "callback_cancelled"
  | "callback_missed"
  | "slept"
  | "no_room";
export type OverReason =
  | "left"
  | "hung_up"
  | "user_lost"
  | "owner_lost"
  | "idle"
  | "operator"
  | "unserved"
  | "erased"
  | "wrapped_up"
  | "callback_cancelled"
  | "callback_missed"
  | "slept"
  | "no_room"
  | "message_left"
  | "handed_over"
  | "lost"
  | "too_slow"
  | "not_entered"
  | "cancelled"
  | "ended"
  | "callback"
  | "callback_moved"
  | "woken"
  | "stopped"
  | "turned_off"
  | "removed";
export type PassedOverReason =
  | "language"
  | "site"
  | "channel"
  | "category"
  | "away"
  | "busy"
  | "excluded"
  | "full"
  | "in_call"
  | "lost"
  | "wrap_up"
  | "load"
  | "idle"
  | "not_asked"
  | "promised";
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

/**
 * The media that a participant sends now.
 *
 * ``interrupted`` names the devices that the participant has switched on, but that the operating system has taken away, for
 * example during a phone call.
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
 * ``claim.*`` (another fact in the identification code, named by the partner).
 */
export interface BriefField {
  name: string;
  value: string;
  provenance: Provenance;
}
/**
 * One step of the user on the site: a page that they visited, or a click on an element that the site has marked.
 *
 * ``dwell_s``: for how many seconds the user stayed on the page; known for pages only.
 */
export interface TrailStep {
  kind: "mark" | "page";
  label: string;
  at: number;
  url: string;
  dwell_s: number;
}
/**
 * The basic counselling information: what the partner, the browser and the user have told about the user and the visit.
 */
export interface Brief {
  fields: BriefField[];
  trail: TrailStep[];
  earlier_sessions: EarlierSession[];
}
/**
 * An earlier session of the same user, as staff see it in the list of earlier sessions.
 */
export interface EarlierSession {
  id: string;
  started_at: number;
  category: string;
  counselor: string;
  wrap_up: string;
}
/**
 * The partner's site, as the pages show it.
 */
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
/**
 * A field of the form that users fill in before a conversation, in the language of the page.
 *
 * ``choices``: the answers to choose from; only a field of the kind "choice" has any.
 */
export interface FormFieldView {
  id: string;
  name: string;
  kind: "choice" | "line" | "text";
  required: boolean;
  most: number;
  choices: string[];
}
/**
 * A category of the site.
 */
export interface CategoryView {
  id: string;
  name: string;
}
/**
 * A person in the session. An ``operator`` listens in. A ``guest`` was invited by a participant.
 *
 * ``label``: a guest's role in the conversation. "camera": the user's phone, which only shows a second picture and has the
 * user's name. ``invited_by``: the participant who invited the guest. ``label`` and ``invited_by`` are empty for everybody who
 * is not a guest.
 *
 * ``listens``: how an operator takes part; null for everybody who is not an operator. "listen": nobody hears the operator.
 * "whisper": only the counselor hears the operator, and in a consultation also the professional; users are not told of a
 * whisper. "join": everybody hears the operator. ``presence``: "lost" means that the person is disconnected; "left_page", that
 * the user of a text session has been disconnected for a minute; "reading", that a professional reads the conversation before
 * joining, and is not heard yet. ``peer``: the state of the person's peer connection to the media worker; "lost" means that it
 * has failed.
 */
export interface ParticipantView {
  id: string;
  name: string;
  role: Role;
  presence: "gone" | "here" | "left_page" | "lost" | "reading";
  peer: "connecting" | "live" | "lost" | "none" | "text_only";
  media: Media;
  owner: boolean;
  listens: ListenAs | null;
  label: GuestLabel | "";
  invited_by: string;
}
/**
 * The source of the video in one slot. A slot is a receiving video section of the browser's offer.
 */
export interface SlotView {
  participant: string;
  kind: "camera" | "screen";
}
/**
 * The room of a session as one viewer may see it.
 *
 * ``epoch``: counts how often the room was opened. A client whose peer connection has an older epoch makes a new peer
 * connection.
 * ``most_slots``: how many video slots a client's offer should have.
 * ``slots``: slot ("0" to "7") → the video that arrives in it for this viewer.
 * ``hears``: listener → sources (the participants whom the listener hears). Only people with a live peer connection are
 * included, whether muted or not. A user or guest gets only the pairs in which they are the listener or the source. ``soft``:
 * the pairs of ``hears`` in which an interpreter's voice covers the source's voice.
 * ``notice``: why this viewer (the user or a guest) hears the hold tone; "" if the viewer does not hear it.
 * ``limits``: slot → how this viewer's network connection limits the video: a smaller picture ("low"), or none for now
 * ("paused").
 */
export interface RoomView {
  epoch: number;
  media: boolean;
  slots: {
    [k: string]: SlotView;
  };
  hears: {
    [k: string]: string[];
  };
  soft: {
    [k: string]: string[];
  };
  most_slots: number;
  board: "read" | "write";
  notice: "" | "asking_colleague" | "asking_professional" | "on_hold" | "passing_on";
  held: boolean;
  passing_to: string;
  limits: {
    [k: string]: PictureLimit;
  };
}
/**
 * The user's request to turn a text session into a voice or video session.
 *
 * The request rings for the session's owner until ``until`` (ms).
 */
export interface UpgradeView {
  channel: Channel;
  state: "declined" | "missed" | "ringing";
  until: number;
}
/**
 * The user's place in the queue, and the expected wait.
 *
 * The expected wait is ``low_s`` to ``high_s`` seconds. Both are null if staff accepted fewer than five users of this queue in
 * the last hour, or if nobody who could serve this user is signed in.
 */
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
 * ``contact``: a telephone number or another way to reach the user; "" when the partner knows one.
 * ``came``: whether the called-back user has connected.
 * ``moved``: how often the user or the counselor has moved the callback to another time.
 * ``staff_name``: name of the member of staff who has the appointment; "" for a callback by any counselor, and for users of
 * a site that hides names. ``minutes``: length of an appointment; 0 for a callback by any counselor.
 * ``anyone``: this member has declined the appointment, missed the ring or not come in time, so the appointment rings for every
 * counselor.
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
/**
 * A help request or a transfer, as staff see it.
 */
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
 * ``off``: a participant refuses (``refused_by``), recording has ``failed``, or the call is over. ``you``: this viewer's own
 * answer about recording; "" before the answer. ``kept``: something was recorded and not deleted.
 */
export interface RecordingView {
  state: "asking" | "off" | "on";
  you: "" | "no" | "yes";
  waiting_for: string[];
  refused_by: string[];
  failed: string;
  kept: boolean;
}
/**
 * The state of the call's captions.
 *
 * ``on``: the captions process writes down now what people say, because the participants in ``wanted_by`` want captions. While
 * captions are on, clients must show this all the time. ``ready``: captions can be turned on. ``failed``: captions are off,
 * because the captions process has failed. ``keep``: the site keeps the words if everybody agrees. ``you``: this viewer's own
 * answer to whether the words may be kept; "" before the answer. ``kept``: the words are stored with the conversation.
 * ``translate``: the language into which captions are translated for this viewer; empty for none.
 */
export interface CaptionsView {
  on: boolean;
  wanted_by: string[];
  ready: boolean;
  failed: boolean;
  keep: boolean;
  you: "" | "no" | "yes";
  kept: boolean;
  translate: string;
}
/**
 * An invitation whose guest has not entered yet. ``guest``: the id that the guest will have.
 *
 * ``arriving``: the link has been opened, and the guest prepares to enter. Otherwise the link can be used until ``until``.
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
 * A guest's work as interpreter, as it is set now. ``by``: the name of the person who has set it.
 *
 * ``user``: how the user and their guests hear the voices of staff. ``staff``: how staff hear the voices of the user and the
 * other guests. "full": as without an interpreter. "soft": softly, under the interpreter's voice. "none": not at all.
 * ``paused``: the interpreter is not connected, is muted, or is on hold with the user, so now these voices are heard in full.
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
 * ``texts``: "strict" shows only the texts that the site shares; "open" shows all texts except those that the site marks as
 * private. ``by``: participant id of the counselor who asked, or "". ``ready``: a page of the site is open. ``seen_by``:
 * participants who see the page now. ``may_see``: this viewer may see the page. ``too_large``: the page cannot be shown.
 * ``crowded``: the page is not shown, because the server already shows as many pages as it can.
 */
export interface CobrowseView {
  state: "" | "asked" | "on";
  texts: "open" | "strict";
  by: string;
  ready: boolean;
  seen_by: string[];
  may_see: boolean;
  too_large: boolean;
  crowded: boolean;
}
/**
 * The state of the category: open or closed now, and when it opens next.
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
 * ``to``: the user's address with most of its letters hidden; "" while none is known. ``copies``: the site allows mails
 * with a copy of the conversation.
 */
export interface MailView {
  to: string;
  copies: boolean;
}
/**
 * The state of pushes to the user. ``on``: at least one browser of the user shows a notification when staff answer.
 */
export interface PushView {
  on: boolean;
}
/**
 * A session as one viewer may see it. The server sends the whole view at each change.
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
  choices: ("another" | "message" | "wait")[];
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
/**
 * The chat lines numbered from ``first`` to ``last``, without lines that the participant may not read.
 */
export interface Span {
  first: number;
  last: number;
}
/**
 * The chat lines that one participant has received and read.
 *
 * ``delivered``: number of the newest line that the participant's page has. ``read``: lines that a visible page has shown. A
 * user gets one mark for all staff together. In this mark, ``participant`` is "".
 */
export interface Mark {
  participant: string;
  delivered: number;
  read: Span[];
}
/**
 * The text or picture that a chat line had before it was changed. ``until``: when the line was changed (ms).
 */
export interface Former {
  until: number;
  text: string;
  picture: string;
}
/**
 * One chat message of the session.
 *
 * ``kind``: text; picture (``picture`` is its id); file (``text`` is its name; ``args`` has its id as ``file``,
 * its ``kind`` and ``bytes``, and ``locked`` if it needs a password); note (of staff, for staff); caption (words that were said;
 * ``args`` has ``language`` and ``confidence``, 0 to 1); system. The ``text`` of a system line is a key such as ``joined``,
 * ``left``, ``mode.whisper``, ``help.asked`` or ``recording.on``. Its ``args`` are values for the sentence that the page shows.
 * ``rev``: number of the line's newest change; equal to ``seq`` until the line is changed. A retracted line has neither text nor
 * picture. ``reply_to``: ``seq`` of the line to which this line replies; 0: this line is no reply.
 * ``former``: the line's earlier texts and pictures, oldest first. Users never get ``former``.
 */
export interface Line {
  seq: number;
  id: string;
  author: string;
  name: string;
  role: Role | "system";
  kind: "caption" | "file" | "note" | "picture" | "system" | "text";
  audience: Audience;
  at: number;
  text: string;
  picture: string;
  args: {
    [k: string]: string;
  };
  rev: number;
  change: "" | "edited" | "retracted";
  changed_at: number;
  reply_to: number;
  former: Former[];
}
/**
 * The signed-in member of staff, as their own console shows it.
 *
 * ``ready``: whether users' requests are offered to the member while the member has free capacity. A member can switch this off
 * while busy; ``state`` is then still "busy". ``most_texts``, ``most_calls``: the member's capacity. ``texts_in_call``: whether
 * requests for text are offered to the member during a call.
 */
export interface StaffMe {
  id: string;
  name: string;
  role: Role;
  state: StaffState;
  languages: string[];
  categories: string[];
  why_away: string;
  until: number | null;
  ready: boolean;
  most_texts: number;
  most_calls: number;
  texts_in_call: boolean;
}
/**
 * A waiting request of a user or a colleague, or a booked callback or appointment.
 *
 * ``since``: when the request was made, or the booked time.
 * ``staff``, ``staff_name``: id and name of the member who has the appointment, or "".
 */
export interface QueueItem {
  session: string;
  category: string;
  language: string;
  channel: Channel;
  since: number;
  kind: "callback" | "help" | "transfer" | "user";
  ringing: boolean;
  name: string;
  staff: string;
  staff_name: string;
}
/**
 * A callback or an appointment that nobody has accepted yet, for operators.
 *
 * ``booking``: a text that identifies the present booking. This text changes whenever a time is agreed. A request to cancel the
 * booking must contain the text. ``minutes``: length of an appointment; 0 for a callback. ``due``: the booked time has come.
 * ``name``: the user's name. ``by_mail``: the user is told of changes by mail. ``trouble``: why an appointment cannot take place
 * as booked, or "".
 */
export interface AppointmentItem {
  session: string;
  booking: string;
  site: string;
  category: string;
  language: string;
  channel: Channel;
  at: number;
  minutes: number;
  due: boolean;
  name: string;
  staff: string;
  staff_name: string;
  by_mail: boolean;
  trouble: AppointmentTrouble | "";
}
/**
 * The values at which a figure of the wallboard turns amber and red.
 *
 * For ``level`` (service level, percent) low values are bad: ``red`` is below ``amber``. For all other figures high values are
 * bad.
 */
export interface ThresholdItem {
  figure: ThresholdFigure;
  amber: number;
  red: number;
}
/**
 * A member of staff in a list.
 *
 * ``most_texts``, ``most_calls``: how many text sessions and how many calls the member can have at the same time. ``sessions``:
 * how many sessions the member has now. ``texts``, ``calls``: how many of these sessions count towards ``most_texts`` and
 * ``most_calls``. A text session does not count while its user has left the page.
 * ``since``: when the member entered ``state``. ``ready``: see ``StaffMe``.
 */
export interface StaffItem {
  id: string;
  name: string;
  role: Role;
  state: StaffState;
  sessions: number;
  since: number;
  languages: string[];
  ready: boolean;
  texts: number;
  calls: number;
  most_texts: number;
  most_calls: number;
}
/**
 * A message that a user left because no counselor was there.
 *
 * `taken_by`, `taken_by_name`: id and name of the member who has taken the message; "": nobody has. `by_mail`: the message can
 * be answered by mail. `answer`: the state of the mail about the answer; "" before the message is answered. `why`: why this mail
 * was refused, or why it still waits.
 */
export interface MessageLeft {
  id: string;
  session: string;
  site: string;
  category: string;
  language: string;
  contact: string;
  text: string;
  at: number;
  state: "done" | "new" | "taken";
  taken_by: string;
  taken_by_name: string;
  by_mail: boolean;
  answer: "" | "queued" | "refused" | "sent";
  why: string;
}
/**
 * A media worker. ``load``: the share of one CPU core that the worker uses; null until a second measurement.
 *
 * ``state``: a spare worker is ready to replace a live one that fails. A draining worker takes no new rooms.
 */
export interface WorkerItem {
  id: string;
  rooms: number;
  peers: number;
  state: "dead" | "draining" | "live" | "spare";
  load: number | null;
}
/**
 * A live session on the wallboard.
 *
 * ``since``: when the conversation began. ``counselor``, ``professional``: the name of the counselor and of the professional, or
 * "". ``lost``: somebody in the session is disconnected.
 */
export interface SessionItem {
  id: string;
  site: string;
  category: string;
  language: string;
  channel: Channel;
  state: SessionState;
  since: number;
  counselor: string;
  professional: string;
  mode: Mode | null;
  lost: boolean;
  may_listen: boolean;
  listeners: string[];
  quality: Grade | null;
}
/**
 * The quality of one media stream over its last second.
 *
 * ``layer``: RID of the simulcast layer that the worker forwards; "paused" if it forwards none now; "" for a stream with one
 * layer.
 * ``source``: for a video that a participant receives, the participant who sends it.
 * Loss and jitter are null until the first report of them has arrived.
 */
export interface StreamQuality {
  kind: string;
  bps: number;
  layer: string;
  source: string;
  lost_percent: number | null;
  jitter_ms: number | null;
}
/**
 * The quality of one participant's connection.
 *
 * ``path``: direct (UDP to the worker), relay (through our TURN server), text (no media gets through), none (not connected).
 * ``carries_bps``: the estimated bandwidth from the worker to the participant, in bit/s; null: unknown. ``concealed_percent``:
 * the share of the participant's sound that the mixer concealed because packets were lost. ``up``: the streams that the
 * participant sends; ``down``: the streams that they receive.
 */
export interface PersonQuality {
  id: string;
  name: string;
  role: Role;
  path: "direct" | "none" | "relay" | "text";
  grade: Grade | null;
  rtt_ms: number | null;
  carries_bps: number | null;
  concealed_percent: number | null;
  up: StreamQuality[];
  down: StreamQuality[];
}
/**
 * Why a member of staff was not offered a user's request.
 */
export interface WhyNot {
  staff: string;
  reason: PassedOverReason;
}
/**
 * Why a user's request was offered to a member of staff.
 *
 * ``ring``: the tier, that is, how widely the request was offered then. ``passed_over``: the members to whom it was not offered,
 * and why.
 */
export interface Why {
  ring: "any" | "exact" | "parent";
  rule: string;
  candidates: string[];
  passed_over: WhyNot[];
}
/**
 * A member of staff becomes available or away.
 */
export interface SetState {
  type: "state";
  state: "available" | "away";
  id?: number | null;
}
/**
 * A member of staff chooses whether requests for text sessions are offered to this member during this member's calls.
 */
export interface SetTextsInCall {
  type: "texts_in_call";
  on: boolean;
  id?: number | null;
}
/**
 * A member of staff accepts the ringing request of a user or a colleague.
 */
export interface Accept {
  type: "accept";
  reservation: string;
  id?: number | null;
}
/**
 * A member of staff declines the ringing request of a user or a colleague.
 */
export interface Decline {
  type: "decline";
  reservation: string;
  /**
   * From 0 to 200 grapheme clusters (characters as a person counts them).
   */
  reason?: string;
  id?: number | null;
}
/**
 * The counselor did not reach the user, and moves the callback to the time ``at``.
 */
export interface MoveCallback {
  type: "move_callback";
  session: string;
  at: number;
  id?: number | null;
}
/**
 * The counselor did not reach the user and gives up the callback. The counselor then writes notes (the wrap-up).
 */
export interface MissCallback {
  type: "miss_callback";
  session: string;
  id?: number | null;
}
/**
 * The counselor who calls back asks for a new link that brings the user into the session. The reply is ``invite``.
 */
export interface GetInvite {
  type: "invite";
  session: string;
  id?: number | null;
}
/**
 * The session's owner (its counselor) asks for a professional. ``category``: empty for the session's own category.
 */
export interface AskHelp {
  type: "help";
  session: string;
  /**
   * From 0 to 500 grapheme clusters (characters as a person counts them).
   */
  note?: string;
  category?: string;
  id?: number | null;
}
/**
 * The session's owner transfers the user to a person (``staff``) or to anyone who serves a ``category``.
 *
 * ``how``: at once ("now") or after a consultation. If nobody comes, the user stays with the owner.
 */
export interface AskTransfer {
  type: "transfer";
  session: string;
  how: "consult" | "now";
  staff?: string;
  category?: string;
  /**
   * From 0 to 500 grapheme clusters (characters as a person counts them).
   */
  note?: string;
  id?: number | null;
}
/**
 * Ask to which colleagues this session can be transferred, or which colleagues can be mentioned in a chat line for staff.
 *
 * The reply is ``colleagues``.
 */
export interface GetColleagues {
  type: "colleagues";
  session: string;
  purpose?: "mention" | "transfer";
  id?: number | null;
}
/**
 * The session's owner withdraws a help request or a transfer.
 */
export interface CancelHelp {
  type: "cancel_help";
  session: string;
  id?: number | null;
}
/**
 * The professional has read the conversation so far, and joins the call as the third person.
 *
 * ``record``: whether the professional agrees to be recorded. The field is required while ``recording.state`` is ``on``.
 */
export interface Join {
  type: "join";
  session: string;
  record?: boolean | null;
  id?: number | null;
}
/**
 * The session's owner, or the professional who has joined, chooses who hears whom.
 */
export interface SetMode {
  type: "mode";
  session: string;
  mode: Mode;
  hear_user?: boolean;
  id?: number | null;
}
/**
 * The session's owner accepts (``take``) or declines the user's request for voice or video.
 */
export interface AnswerUpgrade {
  type: "upgrade";
  session: string;
  take: boolean;
  id?: number | null;
}
/**
 * The session's owner (its counselor) puts a text conversation to sleep.
 *
 * The conversation counts against no capacity until its user writes again.
 */
export interface PutToSleep {
  type: "sleep";
  session: string;
  id?: number | null;
}
/**
 * The session's owner (its counselor) puts the user on hold, or ends the hold.
 */
export interface Hold {
  type: "hold";
  session: string;
  on: boolean;
  id?: number | null;
}
/**
 * The session's owner makes the professional or the colleague the new owner, and leaves.
 *
 * This is possible while everybody hears everybody (a conference), and in a transfer with a consultation.
 */
export interface HandOver {
  type: "hand_over";
  session: string;
  id?: number | null;
}
/**
 * All notes that the member of staff has typed until now.
 *
 * The server keeps them with the session and saves them when the session closes.
 */
export interface TypeNotes {
  type: "notes";
  session: string;
  /**
   * From 0 to 4000 grapheme clusters (characters as a person counts them).
   */
  notes?: string;
  /**
   * From 0 to 60 grapheme clusters (characters as a person counts them).
   */
  outcome?: string;
  /**
   * @maxItems 20
   */
  tags?: string[];
  id?: number | null;
}
/**
 * Save the notes, the outcome and the tags, and end the wrap-up.
 */
export interface WrapUp {
  type: "wrap_up";
  session: string;
  /**
   * From 0 to 4000 grapheme clusters (characters as a person counts them).
   */
  notes?: string;
  /**
   * From 0 to 60 grapheme clusters (characters as a person counts them).
   */
  outcome?: string;
  /**
   * @maxItems 20
   */
  tags?: string[];
  id?: number | null;
}
/**
 * A member of staff takes a message that a user left.
 */
export interface MessageTake {
  type: "message_take";
  message: string;
  id?: number | null;
}
/**
 * A member of staff answers a message that a user left.
 *
 * The server mails a link to the contact that the user gave with the message. The link leads to the answer.
 */
export interface MessageAnswer {
  type: "message_answer";
  message: string;
  /**
   * From 0 to 4000 grapheme clusters (characters as a person counts them).
   */
  text: string;
  id?: number | null;
}
/**
 * A member of staff marks a user's message as dealt with.
 */
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
/**
 * An operator ends a session.
 */
export interface EndSession {
  type: "end_session";
  session: string;
  id?: number | null;
}
/**
 * An operator begins or stops listening in. Everybody in the call is told at once.
 */
export interface Listen {
  type: "listen";
  session: string;
  on: boolean;
  id?: number | null;
}
/**
 * Change how a listening operator takes part: the operator whispers to the counselor, joins the call, or only listens again.
 *
 * The operator's page also sends this message to turn the microphone on or off, and to change the answer about recording.
 * ``record``: whether an operator who joins may be recorded; needed if the call may be recorded.
 */
export interface SetListening {
  type: "listen_as";
  session: string;
  how: ListenAs;
  mic?: boolean;
  record?: boolean | null;
  id?: number | null;
}
/**
 * A colleague who was mentioned in a session begins or stops reading along. The staff of the session are told.
 */
export interface ReadAlong {
  type: "read_along";
  session: string;
  on: boolean;
  id?: number | null;
}
/**
 * An operator signs a member of staff out.
 */
export interface SignOutStaff {
  type: "sign_out_staff";
  staff: string;
  id?: number | null;
}
/**
 * Begin or stop seeing the user's page. The user is told who sees the page.
 */
export interface WatchPage {
  type: "watch_page";
  session: string;
  on: boolean;
  id?: number | null;
}
/**
 * A point on the user's page, relative to an element's box.
 *
 * ``x``: in ten-thousandths of the box's width. ``y``: in ten-thousandths of the box's height. The point can lie outside of the
 * box.
 */
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
  kind: "frame" | "line" | "pointer";
  node: number;
  /**
   * @maxItems 64
   */
  spots?: Spot[];
  id?: number | null;
}
/**
 * Propose a page of the same site to the user, who decides whether to open it.
 */
export interface ProposeLink {
  type: "propose_link";
  session: string;
  url: string;
  id?: number | null;
}
/**
 * The first message of every connection. A user's message has the session token; the server recognises staff by their cookie.
 *
 * ``desk``: whether a member of staff serves users on this page. False on the operators' page: nothing rings there.
 * ``page``: a tab with the partner's page has opened this connection, only to send that page, so that staff can see it. See
 * *co-browsing* in docs/protocol.md.
 * With such a connection alone, the user counts as disconnected.
 * ``ready``: the last ``StaffMe.ready`` that this page got on an earlier connection. A server that has just started does not
 * always know which staff were available. Such a server makes a member available again if the member's page says so.
 */
export interface Hello {
  type: "hello";
  tab: string;
  token?: string;
  /**
   * Cut after 35 grapheme clusters (characters as a person counts them).
   */
  locale?: string;
  version?: number;
  desk?: boolean;
  page?: boolean;
  ready?: boolean;
}
/**
 * Ask for a ``pong``, to see that the connection is alive.
 */
export interface Ping {
  type: "ping";
  id?: number | null;
}
/**
 * Tell whether the person sees the page now. While the page is hidden, the server can notify the person by a push.
 */
export interface Looking {
  type: "looking";
  on: boolean;
  id?: number | null;
}
/**
 * The user asks for a counselor, or enters the conversation with the counselor who calls them back.
 */
export interface Enter {
  type: "enter";
  session: string;
  id?: number | null;
  channel?: Channel | null;
  /**
   * From 0 to 60 grapheme clusters (characters as a person counts them).
   */
  name?: string;
  /**
   * From 0 to 500 grapheme clusters (characters as a person counts them).
   */
  note?: string;
}
/**
 * The SDP offer of a peer connection. The reply is ``answer``.
 */
export interface Offer {
  type: "offer";
  session: string;
  sdp: string;
  id?: number | null;
}
/**
 * Ask for TURN servers before each new peer connection. The reply is ``ice``.
 */
export interface GetIce {
  type: "ice";
  session: string;
  id?: number | null;
}
/**
 * The client reports the state of its peer connection.
 *
 * ``text_only``: no media path was found within 5 s. ``lost``: the peer connection has failed.
 */
export interface PeerReport {
  type: "peer";
  session: string;
  state: "live" | "lost" | "text_only";
  id?: number | null;
}
/**
 * The client reports which media it sends now, and which devices its operating system has taken away for a while.
 */
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
 * If the user sends this message in a text conversation with a counselor, the request rings for this counselor, who answers with
 * ``upgrade``.
 */
export interface AddChannel {
  type: "channel";
  session: string;
  channel: Channel;
  id?: number | null;
}
/**
 * Send a chat line. ``line`` is the client's id for the line.
 *
 * The client repeats the message until the line's ``ack`` arrives; the server stores the line once.
 * ``mentions``: colleagues whom a line for staff names. These colleagues are notified and may read along.
 */
export interface SendLine {
  type: "line";
  session: string;
  line: string;
  kind?: "note" | "picture" | "text";
  audience?: Audience;
  /**
   * From 0 to 10000 grapheme clusters (characters as a person counts them).
   */
  text?: string;
  picture?: string;
  reply_to?: number;
  /**
   * @maxItems 5
   */
  mentions?: string[];
  id?: number | null;
}
/**
 * Change the text of a chat line that this person sent less than five minutes ago. ``seq``: the number of the line.
 *
 * A line that is a picture, a file or spoken words cannot be changed.
 */
export interface EditLine {
  type: "edit_line";
  session: string;
  seq: number;
  /**
   * From 0 to 10000 grapheme clusters (characters as a person counts them).
   */
  text: string;
  id?: number | null;
}
/**
 * Retract a chat line that this person sent less than five minutes ago. ``seq``: the number of the line.
 */
export interface RetractLine {
  type: "retract_line";
  session: string;
  seq: number;
  id?: number | null;
}
/**
 * Report which chat lines were received and read. ``delivered``: number of the newest line that this client has.
 *
 * ``spans``: lines that a visible page has shown.
 */
export interface ReportRead {
  type: "read";
  session: string;
  delivered?: number;
  /**
   * @maxItems 50
   */
  spans?: Span[];
  id?: number | null;
}
/**
 * Ask for chat lines. The reply is ``lines``.
 *
 * Without ``before``: all lines whose ``rev`` is above ``after``, that is, new and changed lines. With ``before``: the lines
 * just before the line number ``before``, as many as one reply may contain; 0 asks for the newest lines.
 */
export interface GetLines {
  type: "lines";
  session: string;
  after?: number;
  before?: number | null;
  id?: number | null;
}
/**
 * The user or member of staff at this client has begun or stopped typing.
 */
export interface Typing {
  type: "typing";
  session: string;
  on: boolean;
  audience?: Audience;
  id?: number | null;
}
/**
 * One message of the board, over the WebSocket because there is no data channel.
 */
export interface BoardMessage {
  type: "board";
  session: string;
  data: string;
  id?: number | null;
}
/**
 * A user or the session's owner ends the session, or a professional or a guest leaves the session.
 */
export interface Leave {
  type: "leave";
  session: string;
  id?: number | null;
}
/**
 * The user takes one of the choices in ``session.choices``.
 */
export interface Choose {
  type: "choose";
  session: string;
  choice: "another" | "message" | "wait";
  id?: number | null;
}
/**
 * The user leaves a message and a contact, instead of waiting for a counselor.
 */
export interface LeaveMessage {
  type: "leave_message";
  session: string;
  /**
   * From 3 to 200 grapheme clusters (characters as a person counts them).
   */
  contact: string;
  /**
   * From 0 to 4000 grapheme clusters (characters as a person counts them).
   */
  text?: string;
  id?: number | null;
}
/**
 * Ask for possible callback times.
 *
 * ``channel``: the channel of an appointment; null: the session's channel. ``timezone``: the client's IANA zone. The times are
 * full and half hours in this zone. For a category that never closes, the zone also decides which hours are daytime.
 */
export interface GetCallbackTimes {
  type: "callback_times";
  session: string;
  /**
   * Cut after 64 grapheme clusters (characters as a person counts them).
   */
  timezone?: string;
  channel?: Channel | null;
  id?: number | null;
}
/**
 * Book a callback ``at`` a time within the opening hours, or move a booked callback to another time.
 *
 * ``contact`` may be empty if the site can reach the user (``contact_needed`` is false). When a booked callback is moved, an
 * empty ``contact`` keeps the earlier contact.
 * ``staff`` and ``channel`` are ignored unless the site offers appointments. ``staff``: the member whom the server's
 * ``callback_times`` named, or "" for anyone. ``channel``: the channel of the appointment; null: the session's channel.
 * ``timezone``: the client's IANA zone; mails give times in this zone.
 */
export interface AskCallback {
  type: "callback";
  session: string;
  at: number;
  /**
   * From 0 to 200 grapheme clusters (characters as a person counts them).
   */
  contact?: string;
  /**
   * From 0 to 500 grapheme clusters (characters as a person counts them).
   */
  note?: string;
  staff?: string;
  channel?: Channel | null;
  /**
   * Cut after 64 grapheme clusters (characters as a person counts them).
   */
  timezone?: string;
  id?: number | null;
}
/**
 * The user cancels their callback or appointment, which nobody has accepted yet.
 */
export interface CancelCallback {
  type: "cancel_callback";
  session: string;
  id?: number | null;
}
/**
 * The user rates the session.
 */
export interface Rate {
  type: "rate";
  session: string;
  score: number;
  /**
   * From 0 to 2000 grapheme clusters (characters as a person counts them).
   */
  words?: string;
  id?: number | null;
}
/**
 * Agree to be recorded, refuse, or withdraw consent. If the user refuses or withdraws consent, the recording is deleted.
 */
export interface AnswerRecording {
  type: "recording";
  session: string;
  agree: boolean;
  id?: number | null;
}
/**
 * Turn captions on or off. Captions stay on while another participant wants them.
 *
 * ``translate``: the language into which captions are translated for this person; empty for none. If
 * ``session.translates`` is false, nothing is translated.
 */
export interface SetCaptions {
  type: "captions";
  session: string;
  on: boolean;
  /**
   * Cut after 35 grapheme clusters (characters as a person counts them).
   */
  translate?: string;
  id?: number | null;
}
/**
 * Translate a chat line for this person. The reply is ``ok``; the message ``translated`` follows later.
 */
export interface TranslateLine {
  type: "translate";
  session: string;
  seq: number;
  /**
   * Cut after 35 grapheme clusters (characters as a person counts them).
   */
  language: string;
  id?: number | null;
}
/**
 * Agree that the captions are kept with the conversation, refuse, or withdraw consent.
 */
export interface KeepCaptions {
  type: "keep_captions";
  session: string;
  agree: boolean;
  id?: number | null;
}
/**
 * Ask for a link by which the user continues the session on another device. The reply is ``elsewhere``.
 */
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
/**
 * Remove a guest, or withdraw the invitation of a guest who has not entered yet.
 */
export interface RemoveGuest {
  type: "remove_guest";
  session: string;
  guest: string;
  id?: number | null;
}
/**
 * A guest enters the conversation.
 *
 * ``record``: whether the guest agrees to a recording that is under way. Null: the guest has not been asked.
 */
export interface EnterAsGuest {
  type: "enter_guest";
  session: string;
  /**
   * From 0 to 60 grapheme clusters (characters as a person counts them).
   */
  name?: string;
  record?: boolean | null;
  id?: number | null;
}
/**
 * Set how one ``side``, the user's or the staff's, hears the voices of the other side while a guest interprets.
 *
 * When both sides are set to "full", the interpreting ends.
 */
export interface SetInterpreter {
  type: "interpret";
  session: string;
  guest: string;
  side: "staff" | "user";
  original: Original;
  id?: number | null;
}
/**
 * The session's owner asks to see the user's page (``on``), or stops seeing the page.
 *
 * The user agrees (``on``), refuses, or stops showing the page.
 */
export interface SetCobrowse {
  type: "cobrowse";
  session: string;
  on: boolean;
  id?: number | null;
}
/**
 * One part of the partner's page for co-browsing, over a connection whose ``hello`` had ``page``.
 *
 * A batch is a list of the page's changes (rrweb events) as JSON, compressed with deflate-raw. ``data``: base64 of one piece of
 * a batch. ``more``: the next message continues the batch. ``first``: the batch begins with a snapshot of the whole page.
 */
export interface SendPage {
  type: "page";
  session: string;
  data: string;
  first?: boolean;
  more?: boolean;
}
/**
 * The user, or the guest, of this connection.
 */
export interface UserMe {
  id: string;
  name: string;
}
/**
 * The reply to ``hello``. A ``session`` message for each live session of this client follows.
 */
export interface Welcome {
  type: "welcome";
  now: number;
  user?: UserMe | null;
  staff?: StaffMe | null;
  resumed?: boolean;
}
/**
 * The message with this ``id`` was carried out.
 */
export interface Ok {
  type: "ok";
  id: number;
}
/**
 * The reply to ``ping``.
 */
export interface Pong {
  type: "pong";
  now: number;
  id?: number | null;
}
/**
 * A message was refused. ``reason`` is a key for programs, ``message`` a sentence for people.
 */
export interface Error {
  type: "error";
  reason: ErrorReason;
  message?: string;
  id?: number | null;
  session?: string;
}
/**
 * The session as it is now, for this client.
 */
export interface SessionUpdate {
  type: "session";
  session: SessionView;
}
/**
 * Tells the user in the queue the new ``session.waiting``. Nothing else in the session has changed.
 */
export interface WaitingUpdate {
  type: "waiting";
  session: string;
  waiting: WaitingView;
}
/**
 * The session is over for this client. ``reason``: why, for example because the client left or saved the wrap-up.
 */
export interface SessionOver {
  type: "session_over";
  session: string;
  reason: OverReason;
}
/**
 * One server for ``RTCConfiguration.iceServers``. The credentials are for this session and expire after two hours.
 */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}
/**
 * TURN servers for clients whose network blocks UDP; empty if none is configured.
 */
export interface Ice {
  type: "ice";
  session: string;
  servers?: IceServer[];
  id?: number | null;
}
/**
 * The reply to ``offer``. ``epoch``: how often the session's room has been opened.
 */
export interface Answer {
  type: "answer";
  session: string;
  sdp: string;
  peer: string;
  epoch: number;
  id?: number | null;
}
/**
 * The media worker has ended this client's peer connection. ``reason`` is a key for programs, ``message`` a sentence.
 */
export interface PeerEnded {
  type: "peer_ended";
  session: string;
  peer: string;
  reason: PeerEndReason;
  message: string;
}
/**
 * The chat line with the client's id ``line`` is stored under the number ``seq``.
 */
export interface LineAck {
  type: "ack";
  session: string;
  line: string;
  seq: number;
  at: number;
}
/**
 * A new chat line of the session.
 */
export interface NewLine {
  type: "line";
  session: string;
  line: Line;
}
/**
 * A chat line was edited or retracted. ``line``: the line after the change.
 */
export interface LineChanged {
  type: "line_changed";
  session: string;
  line: Line;
}
/**
 * The chat lines that the other participants have received and read. At each change, the server sends all ``marks`` again.
 */
export interface LineMarks {
  type: "line_marks";
  session: string;
  marks: Mark[];
}
/**
 * The reply to ``lines``: chat lines of the session.
 *
 * ``before``: as in the client's message. In a reply to a message without ``before``, the lines are in the order of ``rev``, and
 * ``more`` means that newer changes follow. In a reply to a message with ``before``, the lines are in the order of ``seq``, and
 * ``more`` means that there are earlier lines. ``rev``: number of the session's newest change.
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
/**
 * The reply to ``colleagues``: the members of staff to whom the session can be transferred, or who can be mentioned.
 */
export interface Colleagues {
  type: "colleagues";
  session: string;
  people: StaffItem[];
  id?: number | null;
}
/**
 * A colleague (``by``) has mentioned this member of staff in a session. ``user``: the name of the session's user.
 *
 * Sent at once, and again whenever the member connects, until the member has opened the session to read it. The message does
 * not say what was written.
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
/**
 * This client no longer reads along. ``replaced``: another tab of the same member reads along instead.
 */
export interface ReadingAlong {
  type: "reading_along";
  session: string;
  reason: "ended" | "replaced" | "turned_off";
}
/**
 * The reply to ``callback_times``.
 *
 * ``minutes``: length of an appointment; 0 if the site gives callbacks only. ``staff``: a member of staff whom the user knows;
 * "" if there is none. ``staff_times``: the times in ``times`` at which this member is free.
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
/**
 * The reply to ``invite``. ``url`` works once, until ``expires_at``, and only while this counselor calls the user back.
 */
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
/**
 * The reply to ``continue_elsewhere``. ``url`` works once, until ``expires_at``. ``qr``: the link as a QR code (SVG).
 */
export interface Elsewhere {
  type: "elsewhere";
  session: string;
  url: string;
  qr: string;
  expires_at: number;
  id?: number | null;
}
/**
 * A participant has begun or stopped typing.
 */
export interface TypingNow {
  type: "typing";
  session: string;
  participant: string;
  on: boolean;
}
/**
 * The participants who speak now.
 */
export interface Speaking {
  type: "speaking";
  session: string;
  participants: string[];
}
/**
 * Words that a participant has just said, for the people who could hear the participant.
 *
 * A later caption with the same ``utterance`` replaces an earlier one. ``final``: this is the utterance's last caption.
 * ``lost``: some words of this participant were not written down; ``text`` is then empty. ``translation``: the text in the
 * language ``translated_to``.
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
 * The machine translation of a chat line. ``failed``: the service could not translate the line; ask again later.
 *
 * ``rev``: the version of the line that was translated. ``source``: the language of the original, if the service has reported
 * it.
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
/**
 * One message of the board, for a client without a data channel.
 */
export interface BoardOut {
  type: "board";
  session: string;
  data: string;
}
/**
 * Tells the browser tab with the user's page whether staff may see the page, and who sees it now.
 *
 * The page is captured only while ``on`` is true and ``seen_by`` names somebody. ``texts``: which texts the tab may send.
 * ``by``: the counselor who asked. ``recorded``: together with the recording, the server stores what staff see of the page.
 */
export interface PageState {
  type: "page_state";
  session: string;
  on: boolean;
  texts?: "open" | "strict";
  by?: string;
  seen_by?: string[];
  recorded?: boolean;
  origins?: string[];
}
/**
 * Asks the browser tab with the user's page to send nothing for ``after_ms``, and then a new snapshot of the page.
 */
export interface PageAgain {
  type: "page_again";
  session: string;
  after_ms?: number;
}
/**
 * One part of the user's page, for staff who see it. The fields are those of the client's message ``page``.
 */
export interface PageOut {
  type: "page";
  session: string;
  data: string;
  first?: boolean;
  more?: boolean;
}
/**
 * A member of staff points at something on the user's page. Sent to the browser tab with this page.
 */
export interface Pointed {
  type: "pointed";
  session: string;
  name: string;
  kind: "frame" | "line" | "pointer";
  node: number;
  spots?: Spot[];
}
/**
 * A member of staff proposes another page of the same site. Sent to the browser tab with the user's page.
 */
export interface LinkProposed {
  type: "link_proposed";
  session: string;
  name: string;
  url: string;
}
/**
 * A newer tab of the same person has taken over this session.
 */
export interface Replaced {
  type: "replaced";
  session: string;
}
/**
 * A request of a user or of a colleague is offered to this member of staff, whose page rings.
 *
 * The ring of a help request has no ``brief`` (the facts about the visit), but ``product``, the product's name. The professional
 * sees the brief after accepting. ``from_name``: name of the user, or of the session's owner who asks for help or a transfer.
 * ``with_name``: name of the member of staff who has the appointment, or "".
 */
export interface Ring {
  type: "ring";
  reservation: string;
  kind: "callback" | "help" | "transfer" | "user";
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
/**
 * The request of a user or a colleague no longer rings for this member of staff.
 */
export interface RingOver {
  type: "ring_over";
  reservation: string;
  reason: "accepted" | "accepted_elsewhere" | "cancelled" | "declined" | "expired";
}
/**
 * The state of this member of staff has changed.
 */
export interface StaffUpdate {
  type: "staff";
  me: StaffMe;
}
/**
 * The requests of users and colleagues that this member of staff could serve.
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
 * ``workers``: the media workers; empty unless this operator may see the whole installation.
 * ``left_today``: how many users gave up waiting today.
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
 * The wallboard's figures over the last two hours, as points of a curve.
 *
 * There is one point every ``every_ms``, the oldest first; the last point is at ``ends_at``.
 * ``left``: users who gave up since the previous point.
 * ``level``: the service level of the half hour before the point, in percent; null when nobody was answered and nobody gave up
 * in this half hour.
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
/**
 * The quality of each participant's connection, for an operator who watches this session.
 */
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
