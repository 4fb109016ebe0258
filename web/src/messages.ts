// Generated from signaling/protocol/messages.py by `make messages`. Do not edit.

export type Role = "user" | "counselor" | "professional" | "operator";

export type Channel = "text" | "voice" | "video";

export type Audience = "all" | "staff";

export type Mode = "consultation" | "whisper" | "conference";

export type Grade = "good" | "fair" | "poor";

export type SessionState = "preparing" | "waiting" | "callback" | "active" | "after" | "message_left" | "closed";

export type HelpState = "asking" | "catching_up" | "joined" | "nobody" | "cancelled" | "handed_over" | "ended";

export type StaffState = "away" | "available" | "reserved" | "busy" | "wrap_up" | "lost" | "signed_out";

export type Provenance = "signed" | "claimed" | "typed";

export interface Media {
  mic: boolean;
  camera: boolean;
  screen: boolean;
}

export interface BriefField {
  name: string;
  value: string;
  provenance: "signed" | "claimed" | "typed";
}

export interface TrailStep {
  kind: "page" | "mark";
  label: string;
  at: number;
  url: string;
  dwell_s: number;
}

export interface Brief {
  fields: BriefField[];
  trail: TrailStep[];
  earlier_sessions: EarlierSession[];
}

export interface EarlierSession {
  id: string;
  started_at: number;
  category: string;
  counselor: string;
  wrap_up: string;
}

export interface SiteView {
  id: string;
  name: string;
  accent: string;
  privacy_url: string;
  home_url: string;
}

export interface CategoryView {
  id: string;
  name: string;
}

export interface ParticipantView {
  id: string;
  name: string;
  role: "user" | "counselor" | "professional" | "operator";
  presence: "here" | "lost" | "reading" | "gone";
  peer: "none" | "connecting" | "live" | "text_only" | "lost";
  media: Media;
  owner: boolean;
}

export interface SlotView {
  participant: string;
  kind: "camera" | "screen";
}

export interface RoomView {
  epoch: number;
  media: boolean;
  slots: Record<string, SlotView>;
  hears: Record<string, string[]>;
  board: "write" | "read";
  notice: "" | "asking_professional" | "asking_colleague" | "passing_on" | "on_hold";
  held: boolean;
  passing_to: string;
  limits: Record<string, "low" | "paused">;
}

export interface UpgradeView {
  channel: "text" | "voice" | "video";
  state: "ringing" | "declined" | "missed";
  until: number;
}

export interface WaitingView {
  place: number;
  low_s: number | null;
  high_s: number | null;
  staffed: boolean;
  ringing: boolean;
  since: number;
  asking_for: string;
}

export interface CallbackView {
  state: "scheduled" | "due" | "calling" | "done" | "missed" | "cancelled";
  due_at: number;
  contact: string;
  note: string;
  came: boolean;
  moved: number;
}

export interface HelpView {
  state: "asking" | "catching_up" | "joined" | "nobody" | "cancelled" | "handed_over" | "ended";
  note: string;
  category: string;
  mode: "consultation" | "whisper" | "conference" | null;
  hear_user: boolean;
  professional: string;
  asked: number;
  ringing_until: number | null;
  catch_up_until: number | null;
  asked_at: number;
  transfer: "" | "now" | "consult";
  to_name: string;
  why: "" | "declined" | "expired" | "nobody";
}

export interface RecordingView {
  state: "asking" | "on" | "off";
  you: "" | "yes" | "no";
  waiting_for: string[];
  refused_by: string[];
  failed: string;
  kept: boolean;
}

export interface OpeningView {
  open: boolean;
  opens_at: number | null;
  callbacks: boolean;
}

export interface SessionView {
  id: string;
  site: SiteView;
  category: CategoryView;
  language: string;
  channel: "text" | "voice" | "video";
  state: "preparing" | "waiting" | "callback" | "active" | "after" | "message_left" | "closed";
  you: string;
  contact_needed: boolean;
  participants: ParticipantView[];
  product_picture: string;
  room: RoomView | null;
  recording: RecordingView | null;
  may_listen: boolean;
  may_record: boolean;
  waiting: WaitingView | null;
  opening: OpeningView | null;
  callback: CallbackView | null;
  upgrade: UpgradeView | null;
  owner_lost: boolean;
  choices: ("wait" | "another" | "message")[];
  deadline: number | null;
  lost: string;
  end_reason: string;
  brief: Brief | null;
  help: HelpView | null;
  notes: string;
  rated: boolean;
  wrap_up_until: number | null;
  categories: CategoryView[];
  started_at: number;
  active_at: number | null;
  ended_at: number | null;
}

export interface Line {
  seq: number;
  id: string;
  author: string;
  name: string;
  role: "user" | "counselor" | "professional" | "operator" | "system";
  kind: "text" | "picture" | "note" | "system";
  audience: "all" | "staff";
  at: number;
  text: string;
  picture: string;
  args: Record<string, string>;
}

export interface StaffMe {
  id: string;
  name: string;
  role: "user" | "counselor" | "professional" | "operator";
  state: "away" | "available" | "reserved" | "busy" | "wrap_up" | "lost" | "signed_out";
  languages: string[];
  categories: string[];
  why_away: string;
  until: number | null;
}

export interface UserMe {
  id: string;
  name: string;
}

export interface QueueItem {
  session: string;
  category: string;
  language: string;
  channel: "text" | "voice" | "video";
  since: number;
  kind: "user" | "help" | "transfer" | "callback";
  ringing: boolean;
}

export interface StaffItem {
  id: string;
  name: string;
  role: "user" | "counselor" | "professional" | "operator";
  state: "away" | "available" | "reserved" | "busy" | "wrap_up" | "lost" | "signed_out";
  sessions: number;
  since: number;
  languages: string[];
}

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
}

export interface WorkerItem {
  id: string;
  rooms: number;
  peers: number;
  state: "live" | "spare" | "draining" | "dead";
  load: number | null;
}

export interface SessionItem {
  id: string;
  site: string;
  category: string;
  language: string;
  channel: "text" | "voice" | "video";
  state: "preparing" | "waiting" | "callback" | "active" | "after" | "message_left" | "closed";
  since: number;
  counselor: string;
  professional: string;
  mode: "consultation" | "whisper" | "conference" | null;
  lost: boolean;
  may_listen: boolean;
  listeners: string[];
  quality: "good" | "fair" | "poor" | null;
}

export interface StreamQuality {
  kind: string;
  bps: number;
  layer: string;
  source: string;
  lost_percent: number | null;
  jitter_ms: number | null;
}

export interface PersonQuality {
  id: string;
  name: string;
  role: "user" | "counselor" | "professional" | "operator";
  path: "direct" | "relay" | "text" | "none";
  grade: "good" | "fair" | "poor" | null;
  rtt_ms: number | null;
  carries_bps: number | null;
  concealed_percent: number | null;
  up: StreamQuality[];
  down: StreamQuality[];
}

export interface WhyNot {
  staff: string;
  reason: string;
}

export interface Why {
  ring: "exact" | "parent" | "any";
  rule: string;
  candidates: string[];
  passed_over: WhyNot[];
}

export interface Hello {
  type: "hello";
  tab: string;
  token?: string;
  locale?: string;
  version?: number;
}

export interface Ping {
  type: "ping";
  id?: number | null;
}

export interface Enter {
  type: "enter";
  session: string;
  id?: number | null;
  channel?: "text" | "voice" | "video" | null;
  name?: string;
  note?: string;
}

export interface Offer {
  type: "offer";
  session: string;
  sdp: string;
  id?: number | null;
}

export interface GetIce {
  type: "ice";
  session: string;
  id?: number | null;
}

export interface PeerReport {
  type: "peer";
  session: string;
  state: "live" | "text_only" | "lost";
  id?: number | null;
}

export interface SetMedia {
  type: "media";
  session: string;
  mic?: boolean;
  camera?: boolean;
  screen?: boolean;
  id?: number | null;
}

export interface AddChannel {
  type: "channel";
  session: string;
  channel: "text" | "voice" | "video";
  id?: number | null;
}

export interface SendLine {
  type: "line";
  session: string;
  line: string;
  kind?: "text" | "picture" | "note";
  audience?: "all" | "staff";
  text?: string;
  picture?: string;
  id?: number | null;
}

export interface GetLines {
  type: "lines";
  session: string;
  after?: number;
  id?: number | null;
}

export interface Typing {
  type: "typing";
  session: string;
  on: boolean;
  audience?: "all" | "staff";
  id?: number | null;
}

export interface BoardMessage {
  type: "board";
  session: string;
  data: string;
  id?: number | null;
}

export interface Leave {
  type: "leave";
  session: string;
  id?: number | null;
}

export interface Choose {
  type: "choose";
  session: string;
  choice: "wait" | "another" | "message";
  id?: number | null;
}

export interface LeaveMessage {
  type: "leave_message";
  session: string;
  contact: string;
  text?: string;
  id?: number | null;
}

export interface GetCallbackTimes {
  type: "callback_times";
  session: string;
  timezone?: string;
  id?: number | null;
}

export interface AskCallback {
  type: "callback";
  session: string;
  at: number;
  contact?: string;
  note?: string;
  id?: number | null;
}

export interface CancelCallback {
  type: "cancel_callback";
  session: string;
  id?: number | null;
}

export interface MoveCallback {
  type: "move_callback";
  session: string;
  at: number;
  id?: number | null;
}

export interface MissCallback {
  type: "miss_callback";
  session: string;
  id?: number | null;
}

export interface GetInvite {
  type: "invite";
  session: string;
  id?: number | null;
}

export interface Rate {
  type: "rate";
  session: string;
  score: number;
  words?: string;
  id?: number | null;
}

export interface SetState {
  type: "state";
  state: "available" | "away";
  id?: number | null;
}

export interface Accept {
  type: "accept";
  reservation: string;
  id?: number | null;
}

export interface Decline {
  type: "decline";
  reservation: string;
  reason?: string;
  id?: number | null;
}

export interface AskHelp {
  type: "help";
  session: string;
  note?: string;
  category?: string;
  id?: number | null;
}

export interface AskTransfer {
  type: "transfer";
  session: string;
  how: "now" | "consult";
  staff?: string;
  category?: string;
  note?: string;
  id?: number | null;
}

export interface GetColleagues {
  type: "colleagues";
  session: string;
  id?: number | null;
}

export interface CancelHelp {
  type: "cancel_help";
  session: string;
  id?: number | null;
}

export interface Join {
  type: "join";
  session: string;
  record?: boolean | null;
  id?: number | null;
}

export interface SetMode {
  type: "mode";
  session: string;
  mode: "consultation" | "whisper" | "conference";
  hear_user?: boolean;
  id?: number | null;
}

export interface AnswerUpgrade {
  type: "upgrade";
  session: string;
  take: boolean;
  id?: number | null;
}

export interface Hold {
  type: "hold";
  session: string;
  on: boolean;
  id?: number | null;
}

export interface AnswerRecording {
  type: "recording";
  session: string;
  agree: boolean;
  id?: number | null;
}

export interface HandOver {
  type: "hand_over";
  session: string;
  id?: number | null;
}

export interface TypeNotes {
  type: "notes";
  session: string;
  notes?: string;
  outcome?: string;
  id?: number | null;
}

export interface WrapUp {
  type: "wrap_up";
  session: string;
  notes?: string;
  outcome?: string;
  id?: number | null;
}

export interface MessageTake {
  type: "message_take";
  message: string;
  id?: number | null;
}

export interface MessageDone {
  type: "message_done";
  message: string;
  id?: number | null;
}

export interface Watch {
  type: "watch";
  session?: string | null;
  id?: number | null;
}

export interface EndSession {
  type: "end_session";
  session: string;
  id?: number | null;
}

export interface Listen {
  type: "listen";
  session: string;
  on: boolean;
  id?: number | null;
}

export interface SignOutStaff {
  type: "sign_out_staff";
  staff: string;
  id?: number | null;
}

export interface Welcome {
  type: "welcome";
  now: number;
  user?: UserMe | null;
  staff?: StaffMe | null;
  resumed?: boolean;
}

export interface Ok {
  type: "ok";
  id: number;
}

export interface Pong {
  type: "pong";
  now: number;
  id?: number | null;
}

export interface Error {
  type: "error";
  reason: string;
  message?: string;
  id?: number | null;
  session?: string;
}

export interface SessionUpdate {
  type: "session";
  session: SessionView;
}

export interface WaitingUpdate {
  type: "waiting";
  session: string;
  waiting: WaitingView;
}

export interface SessionOver {
  type: "session_over";
  session: string;
  reason?: string;
}

export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

export interface Ice {
  type: "ice";
  session: string;
  servers?: IceServer[];
  id?: number | null;
}

export interface Answer {
  type: "answer";
  session: string;
  sdp: string;
  peer: string;
  epoch: number;
  id?: number | null;
}

export interface PeerEnded {
  type: "peer_ended";
  session: string;
  peer: string;
  reason: string;
  message: string;
}

export interface LineAck {
  type: "ack";
  session: string;
  line: string;
  seq: number;
  at: number;
}

export interface NewLine {
  type: "line";
  session: string;
  line: Line;
}

export interface Lines {
  type: "lines";
  session: string;
  lines: Line[];
  more?: boolean;
  id?: number | null;
}

export interface Colleagues {
  type: "colleagues";
  session: string;
  people: StaffItem[];
  id?: number | null;
}

export interface CallbackTimes {
  type: "callback_times";
  session: string;
  times: number[];
  id?: number | null;
}

export interface Invite {
  type: "invite";
  session: string;
  url: string;
  expires_at: number;
  id?: number | null;
}

export interface TypingNow {
  type: "typing";
  session: string;
  participant: string;
  on: boolean;
}

export interface Speaking {
  type: "speaking";
  session: string;
  participants: string[];
}

export interface BoardOut {
  type: "board";
  session: string;
  data: string;
}

export interface Replaced {
  type: "replaced";
  session: string;
}

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
  channel: "text" | "voice" | "video";
  brief?: Brief | null;
  note?: string;
  product?: string;
  from_name?: string;
}

export interface RingOver {
  type: "ring_over";
  reservation: string;
  reason: "accepted" | "accepted_elsewhere" | "declined" | "expired" | "cancelled";
}

export interface StaffUpdate {
  type: "staff";
  me: StaffMe;
}

export interface Queue {
  type: "queue";
  waiting?: QueueItem[];
  more?: number;
  callbacks?: QueueItem[];
  messages?: MessageLeft[];
}

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
}

export interface CallQuality {
  type: "call_quality";
  session: string;
  people?: PersonQuality[];
}

export interface Bye {
  type: "bye";
  reason: string;
  retry_ms?: number | null;
}

export type ClientMessage = Hello | Ping | Enter | GetIce | Offer | PeerReport | SetMedia | AddChannel | SendLine | GetLines | Typing | BoardMessage | Leave | Choose | LeaveMessage | GetCallbackTimes | AskCallback | CancelCallback | MoveCallback | MissCallback | GetInvite | Rate | SetState | Accept | Decline | AskHelp | AskTransfer | GetColleagues | CancelHelp | Join | SetMode | Hold | AnswerRecording | AnswerUpgrade | HandOver | TypeNotes | WrapUp | MessageTake | MessageDone | Watch | EndSession | Listen | SignOutStaff;

export type ServerMessage = Welcome | Ok | Pong | Error | SessionUpdate | WaitingUpdate | SessionOver | Ice | Answer | PeerEnded | LineAck | NewLine | Lines | Colleagues | CallbackTimes | Invite | TypingNow | Speaking | BoardOut | Replaced | Ring | RingOver | StaffUpdate | Queue | Wallboard | CallQuality | Bye;
