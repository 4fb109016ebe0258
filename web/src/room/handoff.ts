/**
 * Hands a session from the panel to the call window that the panel opened.
 *
 * Both windows are pages of our own origin, and talk by postMessage. The panel opens the window inside the click, before there
 * is a session. The panel then sends the session (or an error) again and again until the window confirms it. No address ever
 * contains a session or token. The messages:
 *
 *     panel → call  {kind: "sangdam-call", session, token, channel, locale?, part?}
 *                   {kind: "sangdam-call-error", reason, message}
 *     call → panel  {kind: "sangdam-call-ready"}           when the window listens
 *                   {kind: "sangdam-call-got-it"}          to each session or error
 *                   {kind: "sangdam-call-ended", session}  when the session is over
 */

import type { Channel, HttpReason } from "../messages";

export interface Handoff {
  session: string;
  token: string;
  channel: Channel;
  locale?: string;
  /** Whether the page belongs to a guest, or runs on the phone that is a user's second camera. */
  part?: "guest" | "camera";
}

/** Why no session could be started: a reason of the server, or one of three others. `network`: no connection. `no_page`: no page
 *  around the panel. `other`: a reason of the partner's back end that we do not know. */
export type StartFailure = HttpReason | "network" | "no_page" | "other";

export interface HandoffError {
  reason: StartFailure;
  message: string;
}

/** The parts of `Window` that the handoff uses. Tests implement them. */
export interface Mailbox {
  postMessage(message: unknown, targetOrigin: string): void;
}
export interface Listener {
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  removeEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

const AGAIN_MS = 250;
const GIVE_UP_MS = 120_000;
const CHANNELS: readonly string[] = ["text", "voice", "video"];

const isObject = (data: unknown): data is Record<string, unknown> => typeof data === "object" && data !== null;
const isText = (value: unknown, most: number): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= most;

/** Returns the session in a message from the panel, or null for any other message. */
export function parseHandoff(data: unknown): Handoff | null {
  if (!isObject(data) || data.kind !== "sangdam-call") return null;
  const { session, token, channel, locale, part } = data;
  if (!isText(session, 64) || !isText(token, 200) || typeof channel !== "string" || !CHANNELS.includes(channel)) return null;
  return {
    session,
    token,
    channel: channel as Channel,
    ...(isText(locale, 20) ? { locale } : {}),
    ...(part === "guest" || part === "camera" ? { part } : {}),
  };
}

export function parseHandoffError(data: unknown): HandoffError | null {
  if (!isObject(data) || data.kind !== "sangdam-call-error" || !isText(data.reason, 100)) return null;
  return { reason: data.reason as StartFailure, message: isText(data.message, 500) ? data.message : "" };
}

const isAnswer = (data: unknown, kind: "ready" | "got-it") => isObject(data) && data.kind === `sangdam-call-${kind}`;

export interface Offering {
  /** Sets the session or error that is offered to the call window. Before the first call of this function, nothing is sent. */
  give(what: Handoff | HandoffError): void;
  stop(): void;
}

/**
 * The panel's side: offers a session to the call window for up to two minutes. `target`: the window that `window.open` returned.
 * `onTaken`: called once, when the call window has confirmed the session or the error.
 */
export function offerHandoff(target: Mailbox, onTaken: () => void, host: Listener = window, origin = location.origin): Offering {
  let message: object | null = null;
  const send = () => {
    if (message) target.postMessage(message, origin);
  };
  const timer = setInterval(send, AGAIN_MS);
  const limit = setTimeout(() => stop(), GIVE_UP_MS);
  const listen = (event: MessageEvent) => {
    if (event.origin !== origin || (event.source as unknown) !== target) return;
    if (isAnswer(event.data, "ready")) send();
    else if (isAnswer(event.data, "got-it") && message) {
      stop();
      onTaken();
    }
  };
  const stop = () => {
    clearInterval(timer);
    clearTimeout(limit);
    host.removeEventListener("message", listen);
  };
  host.addEventListener("message", listen);
  return {
    give: (what) => {
      message = "reason" in what ? { kind: "sangdam-call-error", ...what } : { kind: "sangdam-call", ...what };
      send();
    },
    stop,
  };
}

/** Receives the session in the call window, from the panel that opened the window. `opener`: window.opener. Calls back with each
 *  valid session or error. Returns a function that stops listening. */
export function awaitHandoff(
  opener: Mailbox,
  callbacks: { onHandoff: (handoff: Handoff) => void; onError: (error: HandoffError) => void },
  host: Listener = window,
  origin = location.origin,
): () => void {
  const listen = (event: MessageEvent) => {
    if (event.origin !== origin || (event.source as unknown) !== opener) return;
    const handoff = parseHandoff(event.data);
    const error = handoff ? null : parseHandoffError(event.data);
    if (!handoff && !error) return;
    opener.postMessage({ kind: "sangdam-call-got-it" }, origin);
    if (handoff) callbacks.onHandoff(handoff);
    else if (error) callbacks.onError(error);
  };
  host.addEventListener("message", listen);
  opener.postMessage({ kind: "sangdam-call-ready" }, origin);
  return () => host.removeEventListener("message", listen);
}

/** The call window's side: tells the panel that the session is over. */
export function tellEnded(opener: Mailbox, session: string, origin = location.origin): void {
  opener.postMessage({ kind: "sangdam-call-ended", session }, origin);
}

/** The panel's side: calls `onEnded` with the session that a call window reports as over. Returns the unsubscribe function. */
export function awaitEnded(onEnded: (session: string) => void, host: Listener = window, origin = location.origin): () => void {
  const listen = ({ origin: from, data }: MessageEvent) => {
    if (from !== origin || !isObject(data) || data.kind !== "sangdam-call-ended" || !isText(data.session, 64)) return;
    onEnded(data.session);
  };
  host.addEventListener("message", listen);
  return () => host.removeEventListener("message", listen);
}

const KEPT = "sangdam.call";

/** Stores the session for this tab, so that a reload returns to it. */
export function keepHandoff(handoff: Handoff, storage: Pick<Storage, "setItem"> = sessionStorage): void {
  storage.setItem(KEPT, JSON.stringify({ kind: "sangdam-call", ...handoff }));
}

export function keptHandoff(storage: Pick<Storage, "getItem"> = sessionStorage): Handoff | null {
  try {
    return parseHandoff(JSON.parse(storage.getItem(KEPT) ?? "null"));
  } catch {
    return null;
  }
}
