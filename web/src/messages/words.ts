// Generated from signaling/protocol/words.py by `make messages`. Do not edit.

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
