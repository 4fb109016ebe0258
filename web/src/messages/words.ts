// Generated from signaling/protocol/words.py by `make messages`. Do not edit.

export type Role = "user" | "counselor" | "professional" | "operator";

export type Channel = "text" | "voice" | "video";

export type Audience = "all" | "staff";

export type Mode = "consultation" | "whisper" | "conference";

export type Grade = "good" | "fair" | "poor";

export type SessionState = "preparing" | "waiting" | "callback" | "active" | "after" | "message_left" | "closed";

export type CallbackState = "scheduled" | "due" | "calling" | "done" | "missed" | "cancelled";

export type HelpState = "asking" | "catching_up" | "joined" | "nobody" | "cancelled" | "handed_over" | "ended";

export type StaffState = "away" | "available" | "reserved" | "busy" | "wrap_up" | "lost" | "signed_out";

export type TransferHow = "" | "now" | "consult";

export type NobodyWhy = "" | "declined" | "expired" | "nobody";

export type PictureLimit = "low" | "paused";

export type Provenance = "signed" | "claimed" | "typed";

export type ThresholdFigure = "waiting" | "longest_s" | "level" | "left" | "poor";
