/** Makes samples of what the server sends, for tests: sessions, people, lines and more. */

import type { HelpView, Line, ParticipantView, SessionView } from "../messages";

export function aParticipant(changes: Partial<ParticipantView> = {}): ParticipantView {
  return {
    id: "p1",
    name: "",
    role: "user",
    presence: "here",
    peer: "live",
    media: { mic: true, camera: false, screen: false, interrupted: "" },
    owner: false,
    listens: null,
    label: "",
    invited_by: "",
    ...changes,
  };
}

export const jimin = (changes: Partial<ParticipantView> = {}) =>
  aParticipant({ id: "p2", name: "Jimin", role: "counselor", owner: true, ...changes });

export const drHan = (changes: Partial<ParticipantView> = {}) =>
  aParticipant({ id: "p3", name: "Dr. Han", role: "professional", ...changes });

/** Returns a voice session as its user sees it. `p1` is the user, `p2` is Jimin. */
export function aSession(changes: Partial<SessionView> = {}): SessionView {
  return {
    id: "s1",
    site: {
      id: "demo-shop",
      name: "Demo shop",
      accent: "",
      privacy_url: "",
      home_url: "",
      file_mb: 25,
      read_marks: true,
      logo: "",
      channels: ["text", "voice", "video"],
      waiting_notice: "",
      recording_notice: "",
    },
    category: { id: "cameras", name: "Cameras" },
    language: "en",
    channel: "voice",
    state: "active",
    you: "p1",
    participants: [aParticipant(), jimin()],
    contact_needed: false,
    product_picture: "",
    upgrade: null,
    notes: "",
    outcome: "",
    tags: [],
    room: {
      epoch: 1,
      media: true,
      slots: {},
      hears: { p1: ["p2"], p2: ["p1"] },
      soft: {},
      most_slots: 4,
      board: "write",
      notice: "",
      held: false,
      passing_to: "",
      limits: {},
    },
    recording: null,
    captions: null,
    guests: null,
    interpreting: null,
    cobrowse: null,
    translates: false,
    may_listen: false,
    listening: "off",
    may_record: false,
    waiting: null,
    opening: null,
    mail: null,
    push: null,
    callback: null,
    owner_lost: false,
    choices: [],
    deadline: null,
    lost: "",
    end_reason: "",
    brief: null,
    help: null,
    rated: false,
    wrap_up_until: null,
    categories: [],
    started_at: 0,
    active_at: 0,
    ended_at: null,
    ...changes,
  };
}

/** Returns a request for a professional, `p3`, who has joined the call. The call is in the mode "consultation". */
export const aHelp = (changes: Partial<HelpView> = {}): HelpView => ({
  state: "joined",
  note: "",
  category: "",
  mode: "consultation",
  hear_user: false,
  professional: "p3",
  asked: 1,
  ringing_until: null,
  catch_up_until: null,
  asked_at: 0,
  transfer: "",
  to_name: "",
  why: "",
  ...changes,
});

/** Returns a chat line that the counselor Jimin has written. */
export function aLine(seq: number, changes: Partial<Line> = {}): Line {
  return {
    seq,
    id: `l${seq}`,
    author: "p2",
    name: "Jimin",
    role: "counselor",
    kind: "text",
    audience: "all",
    at: seq,
    text: `line ${seq}`,
    picture: "",
    args: {},
    rev: seq,
    change: "",
    changed_at: 0,
    reply_to: 0,
    former: [],
    ...changes,
  };
}
