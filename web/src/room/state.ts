/** The state that a browser has of its sessions. `reduce` is the pure function that makes the next state from a state and a
 *  server message. */

import type {
  Audience,
  CallQuality,
  Error as ServerError,
  Line,
  LineAck,
  Lines,
  Mark,
  ParticipantView,
  Queue,
  Ring,
  RingOver,
  SendLine,
  ServerMessage,
  OverReason,
  SessionView,
  StaffMe,
  Trend,
  TypingNow,
  UserMe,
  Wallboard,
  Welcome,
} from "../messages";
import type { ClosedReason, FailureReason, Kept, Status } from "./connection";

/** A line of this person that the server has not acknowledged. The chat shows this line as "sending", or as refused with the
 *  server's reason. */
export interface OutLine {
  id: string;
  kind: "text" | "picture" | "note";
  audience: Audience;
  text: string;
  picture: string;
  at: number;
  replyTo: number;
  /** Why the server refused the line, or why this page gave it up; empty while the line is being sent. */
  refused: FailureReason | "";
}

/** A change that this person has made to their own line on this page, and that the server has not confirmed yet. */
export interface Change {
  /** The new text of the line; null if the person retracts the line. */
  text: string | null;
  refused: FailureReason | "";
}

export interface RoomState {
  status: Status;
  /** Why the connection to the server is closed for good; empty while it is open or being opened. */
  closedReason: ClosedReason | "";
  /** How far the server's clock is ahead of this browser's clock, in ms. */
  clockOffset: number;
  user: UserMe | null;
  staff: StaffMe | null;
  sessions: Record<string, SessionView>;
  /** Session → its lines in order of `seq`, each once. */
  lines: Record<string, Line[]>;
  /** Session → the number of the oldest line that this page has; 0 if the server has no older lines. */
  older: Record<string, number>;
  outbox: Record<string, OutLine[]>;
  /** Session → for each other person, which lines have been delivered to that person, and which that person has read. */
  marks: Record<string, Mark[]>;
  /** Session → `seq` of a line → this person's change of the line that the server has not confirmed. */
  changes: Record<string, Record<number, Change>>;
  /** Session → participant → the time (this browser's clock, ms) until which that person counts as typing. */
  typing: Record<string, Record<string, number>>;
  speaking: Record<string, string[]>;
  /** Ids of the sessions that a newer tab of the same person has taken over. */
  replaced: Record<string, true>;
  /** Session → why the session is over for this person. The session can go on for other people. */
  over: Record<string, OverReason>;
  rings: Ring[];
  lastRingOver: RingOver | null;
  queue: Queue;
  wallboard: Wallboard | null;
  trend: Trend | null;
  /** The last report on connections in the session that the operator watches; null before the first report. */
  callQuality: CallQuality | null;
  /** The server's last error message that answers no request of this page; null if there was none. */
  error: ServerError | null;
}

export type RoomEvent =
  | ServerMessage
  | { type: "status"; status: Status; reason: ClosedReason | "" }
  | { type: "sending"; line: Kept }
  | { type: "refused"; line: Kept; reason: FailureReason }
  | { type: "dismiss"; session: string; line: string | number };

export const TYPING_MS = 6000;

export const initialState: RoomState = {
  status: "connecting",
  closedReason: "",
  clockOffset: 0,
  user: null,
  staff: null,
  sessions: {},
  lines: {},
  older: {},
  outbox: {},
  marks: {},
  changes: {},
  typing: {},
  speaking: {},
  replaced: {},
  over: {},
  rings: [],
  lastRingOver: null,
  queue: { type: "queue", waiting: [], callbacks: [], messages: [] },
  wallboard: null,
  trend: null,
  callQuality: null,
  error: null,
};

type Handlers = {
  [T in RoomEvent["type"]]?: (state: RoomState, event: Extract<RoomEvent, { type: T }>, now: number) => RoomState;
};

function without<V>(record: Record<string, V>, key: string): Record<string, V> {
  if (!(key in record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

/** Merges two lists of lines in order of `seq`. Of two versions of the same line, the newer one stays. */
export function mergeLines(known: Line[], added: Line[]): Line[] {
  const revs = new Map(known.map((line) => [line.seq, line.rev]));
  const fresh = new Map(added.filter((line) => (revs.get(line.seq) ?? -1) < line.rev).map((line) => [line.seq, line]));
  if (fresh.size === 0) return known;
  return [...known.filter((line) => !fresh.has(line.seq)), ...fresh.values()].sort((a, b) => a.seq - b.seq);
}

function addLines(state: RoomState, session: string, added: Line[]): RoomState {
  const ids = new Set(added.map((line) => line.id));
  const outbox = state.outbox[session] ?? [];
  const typists = Object.entries(state.typing[session] ?? {});
  const authors = new Set(added.map((line) => line.author));
  const first = state.older[session] ?? 0;
  // a line older than the oldest known line is left out: this page gets the line when it fetches that part of the conversation
  const near = added.filter((line) => line.seq >= first);
  return {
    ...state,
    lines: { ...state.lines, [session]: mergeLines(state.lines[session] ?? [], near) },
    outbox: { ...state.outbox, [session]: outbox.filter((line) => !ids.has(line.id)) },
    typing: { ...state.typing, [session]: Object.fromEntries(typists.filter(([who]) => !authors.has(who))) },
  };
}

/** Adds the lines of one answer of the server: the newest lines, or those just before the oldest known line (`before`). */
function addPage(state: RoomState, { session, lines, more, before }: Lines): RoomState {
  if (before !== 0 && before !== state.older[session]) return state; // the page already has these older lines
  const first = more === true ? (lines[0]?.seq ?? 0) : 0;
  const known = (state.lines[session] ?? []).filter((line) => line.seq >= first);
  return addLines(
    { ...state, older: { ...state.older, [session]: first }, lines: { ...state.lines, [session]: known } },
    session,
    lines,
  );
}

function addMissed(state: RoomState, { session, lines }: Lines): RoomState {
  return lines.reduce(
    (next, { change, seq }) => (change ? setChange(next, session, seq) : next),
    addLines(state, session, lines),
  );
}

function setChange(state: RoomState, session: string, seq: number, change?: Change): RoomState {
  const rest = without(state.changes[session] ?? {}, String(seq));
  return { ...state, changes: { ...state.changes, [session]: change ? { ...rest, [seq]: change } : rest } };
}

function welcome(state: RoomState, event: Welcome, now: number): RoomState {
  return {
    ...state,
    status: "open",
    closedReason: "",
    clockOffset: event.now - now,
    user: event.user ?? null,
    staff: event.staff ?? null,
    replaced: {},
    rings: [],
    speaking: {},
    error: null,
  };
}

/** Moves an acknowledged line from the outbox to the lines. Uses this page's own copy of the line, because the server might send
 *  the line later or never. */
function acknowledged(state: RoomState, event: LineAck): RoomState {
  const sent = state.outbox[event.session]?.find((line) => line.id === event.line);
  const you = viewer(state.sessions[event.session]);
  if (!sent) return state;
  const line: Line = {
    seq: event.seq,
    id: sent.id,
    author: you?.id ?? "",
    name: you?.name ?? "",
    role: you?.role ?? "user",
    kind: sent.kind,
    audience: sent.audience,
    at: event.at,
    text: sent.text,
    picture: sent.picture,
    args: {},
    rev: event.seq,
    change: "",
    changed_at: 0,
    reply_to: sent.replyTo,
    former: [],
  };
  return addLines(state, event.session, [line]);
}

function typing(state: RoomState, event: TypingNow, now: number): RoomState {
  const those = without(state.typing[event.session] ?? {}, event.participant);
  const next = event.on ? { ...those, [event.participant]: now + TYPING_MS } : those;
  return { ...state, typing: { ...state.typing, [event.session]: next } };
}

const textOf = (change: Exclude<Kept, SendLine>) => (change.type === "edit_line" ? change.text : null);

function sending(state: RoomState, line: Kept, now: number): RoomState {
  if (line.type !== "line") return setChange(state, line.session, line.seq, { text: textOf(line), refused: "" });
  const waiting = state.outbox[line.session] ?? [];
  if (waiting.some((one) => one.id === line.line)) return state;
  const { kind = "text", audience = "all", text = "", picture = "", reply_to: replyTo = 0 } = line;
  const out: OutLine = { id: line.line, kind, audience, text, picture, at: now + state.clockOffset, replyTo, refused: "" };
  return { ...state, outbox: { ...state.outbox, [line.session]: [...waiting, out] } };
}

function changeOutbox(state: RoomState, session: string, change: (lines: OutLine[]) => OutLine[]): RoomState {
  return { ...state, outbox: { ...state.outbox, [session]: change(state.outbox[session] ?? []) } };
}

function ended(state: RoomState, session: string, reason: OverReason): RoomState {
  return {
    ...state,
    over: { ...state.over, [session]: reason },
    speaking: without(state.speaking, session),
    typing: without(state.typing, session),
  };
}

const handlers: Handlers = {
  status: (state, { status, reason }) => ({ ...state, status, closedReason: status === "closed" ? reason : "" }),
  sending: (state, { line }, now) => sending(state, line, now),
  refused: (state, { line, reason }) =>
    line.type === "line"
      ? changeOutbox(state, line.session, (lines) =>
          lines.map((one) => (one.id === line.line ? { ...one, refused: reason } : one)),
        )
      : setChange(state, line.session, line.seq, { text: textOf(line), refused: reason }),
  dismiss: (state, { session, line }) =>
    typeof line === "number"
      ? setChange(state, session, line)
      : changeOutbox(state, session, (lines) => lines.filter((one) => one.id !== line)),
  welcome,
  session: (state, { session }) => ({
    ...state,
    sessions: { ...state.sessions, [session.id]: session },
    over: without(state.over, session.id),
    // If the room was opened anew (a new epoch), another worker reports who speaks, so the old reports are dropped.
    speaking:
      state.sessions[session.id]?.room?.epoch === session.room?.epoch ? state.speaking : without(state.speaking, session.id),
  }),
  waiting: (state, { session, waiting }) => {
    const known = state.sessions[session];
    return known ? { ...state, sessions: { ...state.sessions, [session]: { ...known, waiting } } } : state;
  },
  session_over: (state, { session, reason }) => ended(state, session, reason),
  ack: acknowledged,
  line: (state, { session, line }) => addLines(state, session, [line]),
  line_changed: (state, { session, line }) => setChange(addLines(state, session, [line]), session, line.seq),
  line_marks: (state, { session, marks }) => ({ ...state, marks: { ...state.marks, [session]: marks } }),
  lines: (state, reply) => (reply.before == null ? addMissed(state, reply) : addPage(state, reply)),
  typing,
  speaking: (state, { session, participants }) => ({ ...state, speaking: { ...state.speaking, [session]: participants } }),
  replaced: (state, { session }) => ({ ...state, replaced: { ...state.replaced, [session]: true } }),
  ring: (state, ring) => ({ ...state, rings: [...state.rings.filter((one) => one.reservation !== ring.reservation), ring] }),
  ring_over: (state, over) => ({
    ...state,
    rings: state.rings.filter((ring) => ring.reservation !== over.reservation),
    lastRingOver: over,
  }),
  staff: (state, { me }) => ({ ...state, staff: me }),
  queue: (state, queue) => ({ ...state, queue }),
  wallboard: (state, wallboard) => ({ ...state, wallboard }),
  trend: (state, trend) => ({ ...state, trend }),
  call_quality: (state, callQuality) => ({ ...state, callQuality }),
  error: (state, error) => (error.id == null ? { ...state, error } : state),
};

/** Returns the next state. `now` is this browser's clock in ms. Unknown messages (of a newer server) change nothing. */
export function reduce(state: RoomState, event: RoomEvent, now: number): RoomState {
  const handler = handlers[event.type] as ((state: RoomState, event: RoomEvent, now: number) => RoomState) | undefined;
  return handler ? handler(state, event, now) : state;
}

// --- functions with which components read the state ------------------------------------------------------------------

export function viewer(session: SessionView | undefined): ParticipantView | undefined {
  return session?.participants.find((one) => one.id === session.you);
}

export function participant(session: SessionView, id: string): ParticipantView | undefined {
  return session.participants.find((one) => one.id === id);
}

/** Whether this page must load the scripts for guests: the conversation has guests or can have guests. Guests and professionals
 *  are not allowed to invite anybody, but their pages need these scripts, too. */
export const withGuests = (session: SessionView): boolean =>
  session.guests !== null || session.interpreting !== null || session.participants.some(({ role }) => role === "guest");

const onlyListens = (one: ParticipantView) => one.role === "operator" && one.listens !== "join";

/** Returns all other participants who have not left. Of operators, includes only those who have joined. */
export function others(session: SessionView): ParticipantView[] {
  return session.participants.filter((one) => one.id !== session.you && one.presence !== "gone" && !onlyListens(one));
}

/** Returns the operators who listen in and have not joined. */
export function listeners(session: SessionView): ParticipantView[] {
  return session.participants.filter(onlyListens);
}

export function lastRev(state: RoomState, session: string): number {
  return (state.lines[session] ?? []).reduce((last, line) => Math.max(last, line.rev), 0);
}

export function typingNow(state: RoomState, session: string, now: number): string[] {
  return Object.entries(state.typing[session] ?? {})
    .filter(([, until]) => until > now)
    .map(([who]) => who);
}

/** Returns the ids of the people who hear `source`, as far as the server tells this person. */
export function listenersOf(session: SessionView, source: string): string[] {
  return Object.entries(session.room?.hears ?? {})
    .filter(([, sources]) => sources.includes(source))
    .map(([listener]) => listener);
}

/** Returns the time of the server's clock, in ms. */
export const serverNow = (state: RoomState, now: number): number => now + state.clockOffset;
