// Generated from signaling/protocol/staff_views.py by `make messages`. Do not edit.

import type { AppointmentTrouble, Channel, Grade, Mode, Role, SessionState, StaffState, ThresholdFigure } from "./words";
import type { PassedOverReason } from "./reasons";

/**
 * The signed-in member of staff, as their own console shows it.
 *
 * ``ready``: whether the member gets requests as far as their capacity allows. A busy member may have switched that off.
 * ``most_texts``, ``most_calls``: the member's capacity. ``texts_in_call``: whether they get new text requests during a call.
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
 * A waiting request, or a booked callback or appointment.
 *
 * ``since``: when the request was made, or the booked time. ``staff``, ``staff_name``: the member with whom an appointment is.
 */
export interface QueueItem {
  session: string;
  category: string;
  language: string;
  channel: Channel;
  since: number;
  kind: "user" | "help" | "transfer" | "callback";
  ringing: boolean;
  name: string;
  staff: string;
  staff_name: string;
}

/**
 * A callback or an appointment that nobody has accepted yet, for operators.
 *
 * ``minutes``: 0 for a callback by anybody. ``due``: its time has come. ``name``: of the user. ``by_mail``: the user is told by
 * mail of a change. ``trouble``: why it cannot take place as booked, or "".
 */
export interface AppointmentItem {
  session: string;
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
 * ``sessions``: how many sessions the member has now. ``texts``, ``calls``: how many of these take a place. A text session
 * takes no place while its user is away from the page. ``most_texts``, ``most_calls``: the member's capacity.
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
 * `taken_by`, `taken_by_name`: id and name of the member who has taken it; "": nobody. `by_mail`: it can be answered by mail.
 * `answer`: how far the mail about its answer is; "" before there is one. `why`: why the mail was refused, or why it still
 * waits.
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
  state: "new" | "taken" | "done";
  taken_by: string;
  taken_by_name: string;
  by_mail: boolean;
  answer: "" | "queued" | "sent" | "refused";
  why: string;
}

/**
 * A media worker. ``load``: the share of one CPU core that it uses; null until it has been measured twice.
 *
 * ``state``: a spare worker is ready to take the place of a live one. A draining worker takes no new rooms.
 */
export interface WorkerItem {
  id: string;
  rooms: number;
  peers: number;
  state: "live" | "spare" | "draining" | "dead";
  load: number | null;
}

/**
 * A live session on the wallboard.
 *
 * ``since``: when the conversation began. ``counselor``, ``professional``: their names; "" if there is none. ``lost``: somebody
 * in the session is disconnected.
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
 * ``layer``: the layer of a simulcast video that is forwarded, "paused", or "".
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
 * ``carries_bps``: the estimated bandwidth of the participant's link downwards, in bit/s.
 * ``concealed_percent``: the share of the participant's sound that was concealed because packets were lost, while it is mixed.
 * ``up``: the streams that the participant sends; ``down``: the streams that they receive.
 */
export interface PersonQuality {
  id: string;
  name: string;
  role: Role;
  path: "direct" | "relay" | "text" | "none";
  grade: Grade | null;
  rtt_ms: number | null;
  carries_bps: number | null;
  concealed_percent: number | null;
  up: StreamQuality[];
  down: StreamQuality[];
}

/** Why a member of staff was not offered a request. */
export interface WhyNot {
  staff: string;
  reason: PassedOverReason;
}

/** Why a request went to a member of staff: the tier in which it was matched, and who was passed over. */
export interface Why {
  ring: "exact" | "parent" | "any";
  rule: string;
  candidates: string[];
  passed_over: WhyNot[];
}
