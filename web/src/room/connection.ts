/** Keeps one WebSocket to the server: says hello, matches replies with requests, and reconnects. Sends lines again until the
 *  server acknowledges or refuses them. Uses no DOM. */

import type { Bye, ByeReason, ClientMessage, EditLine, ErrorReason, RetractLine, SendLine, ServerMessage } from "../messages";
import { clean } from "../ui/cut";
import { delayMs, jittered } from "./ladder";

export type Status = "connecting" | "open" | "reconnecting" | "closed";

/** Why a request failed: a reason from the server, or a reason of this page. The page's own reasons: not connected, no answer in
 *  time, too many lines without acknowledgement, an answer of the wrong type. */
export type FailureReason = ErrorReason | "offline" | "timeout" | "outbox_full" | "bad_reply";

/**
 * Why a connection is closed and does not open again by itself. `left`: this page closed it. All other reasons come from the
 * server.
 */
export type ClosedReason = ByeReason | "left";

/** The error with which a request fails, because the server has refused it or has not answered. */
export class RequestError extends Error {
  constructor(
    readonly reason: FailureReason,
    message = "",
  ) {
    super(message || reason);
    this.name = "RequestError";
  }
}

/** The parts of `WebSocket` that a connection uses. Tests implement this interface instead of running a server. */
export interface Socket {
  send(data: string): void;
  close(code?: number): void;
  readonly bufferedAmount?: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

export interface ConnectionOptions {
  url: string;
  /** An id of this page for as long as the page is loaded. All its connections use the same id. */
  tab: string;
  token?: string;
  locale: string;
  /** True if this page uses the connection only to send staff what the user sees on the partner's page (co-browsing). */
  page?: boolean;
  /** False if a member of staff uses this page without serving visitors on it. */
  desk?: boolean;
  /** Returns whether this member of staff wants the page to ring when a visitor waits, as far as this page knows. */
  ready?: () => boolean | undefined;
  onMessage: (message: ServerMessage) => void;
  onStatus: (status: Status, reason: ClosedReason | "") => void;
  /**
   * Called when the server refuses a message that was kept until its acknowledgement, or when this page gives the message up. The
   * message is not sent again.
   */
  onRefused: (message: Kept, reason: FailureReason) => void;
  /** Called when a message is no longer kept, because the server has accepted or refused it, or this page has given it up. */
  onKept?: () => void;
  openSocket?: (url: string) => Socket;
  random?: () => number;
}

/** A message that is kept until the server answers it, and resent after each reconnection. */
export type Kept = SendLine | EditLine | RetractLine;

/** Returns the key under which a message is kept. Changes of one line share a key, so a later change replaces an earlier one. */
const keptAs = (message: Kept): string => (message.type === "line" ? message.line : `${message.session} ${message.seq}`);

type Asked = Extract<ClientMessage, { id?: number | null }>;
type WithoutId<M> = M extends unknown ? Omit<M, "id"> : never;
/** A message that the server answers, and that has a request id. The connection adds the id. */
export type RequestMessage = WithoutId<Asked>;

interface Pending {
  resolve: (message: ServerMessage) => void;
  reject: (error: RequestError) => void;
  timer: ReturnType<typeof setTimeout>;
}

const REPLY_MS = 8000;
const PING_MS = 5000;
const SILENT_MS = 12_000;
/** When the browser reports that the network is back, this page sends a ping. If no message comes from the server within this
 *  time (ms), the page reconnects. */
const ANSWER_MS = 1500;
const OUTBOX_MOST = 200;
const AWAY_MS = 1500;
/**
 * After this many sends of one line over the same connection without an answer, this page gives the line up. After a
 * reconnection, the count begins anew.
 */
const LINE_ATTEMPTS = 3;
const FINAL: readonly string[] = ["signed_out", "token", "replaced"];

/** Returns whether the server has ended the connection and no reconnection is allowed. After any other reason the page
 *  reconnects. */
export const isFinal = (bye: Bye): boolean => FINAL.includes(bye.reason);

/** Encodes a message as JSON. Removes from typed text the characters that the server does not accept. */
const encode = (message: ClientMessage): string =>
  JSON.stringify(message, (_, value: unknown) => (typeof value === "string" ? clean(value) : value));

export class Connection {
  private socket: Socket | null = null;
  private attempt = 0;
  private nextId = 1;
  private greeted = false;
  private wanted = false;
  private retryMs: number | null = null;
  private pending = new Map<number, Pending>();
  private outbox = new Map<string, Kept>();
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ConnectionOptions) {}

  /** Connects to the server. After `bye: replaced`, this method takes the session back from the newer tab. */
  open(): void {
    this.wanted = true;
    this.attempt = 0;
    this.drop();
    this.dial();
  }

  close(): void {
    this.end("left");
  }

  /** Call this when the browser reports that the network is back. If there is a connection, tests it. If there is none,
   *  reconnects now instead of waiting. */
  networkBack(): void {
    if (!this.wanted) return;
    if (this.send({ type: "ping" })) {
      this.listenFor(ANSWER_MS);
      return;
    }
    this.attempt = 0;
    this.drop();
    this.dial();
  }

  /** Sends a message at once. Returns false when there is no connection; the message is then not sent at all. */
  send(message: ClientMessage): boolean {
    if (!this.socket || !this.greeted) return false;
    this.socket.send(encode(message));
    return true;
  }

  /** Returns how many bytes the browser has not yet handed to the network. */
  get buffered(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  /** Sends a request with an id, and resolves with the server's reply to it. Rejects with a `RequestError`. */
  request(message: RequestMessage, timeoutMs = REPLY_MS): Promise<ServerMessage> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (!this.send({ ...message, id })) {
        reject(new RequestError("offline"));
        return;
      }
      const timer = setTimeout(() => this.settle(id)?.reject(new RequestError("timeout")), timeoutMs);
      this.pending.set(id, { resolve, reject, timer });
    });
  }

  /**
   * Keeps the message until the server accepts or refuses it, or leaves `LINE_ATTEMPTS` tries unanswered. Resends it after each
   * reconnection, and also after the refusal `unavailable`, because the database can be back a moment later. Throws a
   * RequestError if 200 messages are kept already.
   */
  deliver(message: Kept): void {
    if (this.outbox.size >= OUTBOX_MOST) throw new RequestError("outbox_full");
    this.outbox.set(keptAs(message), message);
    this.post(message);
  }

  unacknowledged(): Kept[] {
    return [...this.outbox.values()];
  }

  /** `attempt`: the number of this try. Earlier tries were sent over a working connection and got no answer in time. */
  private post(line: Kept, attempt = 1): void {
    if (!this.greeted) return;
    this.request(line).then(
      () => this.isKept(line) && this.forget(line),
      (error: unknown) => {
        if (!(error instanceof RequestError) || error.reason === "offline") return;
        if (error.reason === "timeout" && attempt < LINE_ATTEMPTS) this.postAgain(line, attempt + 1);
        else if (error.reason === "unavailable") setTimeout(() => this.postAgain(line), AWAY_MS);
        else if (this.isKept(line)) {
          this.forget(line);
          this.options.onRefused(line, error.reason);
        }
      },
    );
  }

  private postAgain(line: Kept, attempt = 1): void {
    if (this.isKept(line)) this.post(line, attempt);
  }

  private isKept(message: Kept): boolean {
    return this.outbox.get(keptAs(message)) === message;
  }

  private forget(message: Kept): void {
    this.outbox.delete(keptAs(message));
    this.options.onKept?.();
  }

  private dial(): void {
    this.options.onStatus(this.attempt === 0 && !this.greeted ? "connecting" : "reconnecting", "");
    const open = this.options.openSocket ?? ((url: string) => new WebSocket(url) as Socket);
    const socket = open(this.options.url);
    this.socket = socket;
    this.listenFor();
    socket.onopen = () => {
      const { tab, token = "", locale, desk, page, ready } = this.options;
      const hello: ClientMessage = { type: "hello", tab, token, locale, version: 1, desk, page, ready: ready?.() };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => this.received(socket, event.data);
    socket.onclose = () => this.lost(socket);
  }

  private received(socket: Socket, data: unknown): void {
    if (socket !== this.socket || typeof data !== "string") return;
    this.listenFor();
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === "welcome") this.welcomed();
    if (message.type === "ack") this.outbox.delete(message.line);
    if (message.type === "bye") this.goodbye(message);
    this.answer(message);
    this.options.onMessage(message);
  }

  private answer(message: ServerMessage): void {
    if (!("id" in message) || message.id == null) return;
    const asked = this.settle(message.id);
    if (message.type === "error") asked?.reject(new RequestError(message.reason, message.message));
    else asked?.resolve(message);
  }

  private welcomed(): void {
    this.greeted = true;
    this.attempt = 0;
    this.retryMs = null;
    clearInterval(this.pingTimer);
    this.pingTimer = setInterval(() => this.send({ type: "ping" }), PING_MS);
    this.options.onStatus("open", "");
    for (const line of this.outbox.values()) this.post(line);
  }

  private goodbye(bye: Bye): void {
    this.retryMs = bye.retry_ms ?? null;
    if (isFinal(bye)) this.end(bye.reason);
  }

  private lost(socket: Socket): void {
    if (socket !== this.socket) return;
    this.drop();
    if (!this.wanted) return;
    const random = this.options.random ?? Math.random;
    const wait = Math.max(jittered(this.retryMs ?? 0, random()), delayMs(this.attempt++, random()));
    this.retryMs = null;
    this.options.onStatus("reconnecting", "");
    this.retryTimer = setTimeout(() => this.dial(), wait);
  }

  private end(reason: ClosedReason): void {
    this.wanted = false;
    this.drop();
    this.options.onStatus("closed", reason);
  }

  /** Ends the connection when nothing arrives for `silentMs`. This page sends a ping every 5 s, and the server answers it. So
   *  after 12 s of silence the connection is dead, even if the browser has not noticed. */
  private listenFor(silentMs = SILENT_MS): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.socket && this.lost(this.socket), silentMs);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    clearTimeout(this.retryTimer);
    clearTimeout(this.silence);
    clearInterval(this.pingTimer);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(new RequestError("offline"));
  }

  private settle(id: number): Pending | undefined {
    const asked = this.pending.get(id);
    clearTimeout(asked?.timer);
    this.pending.delete(id);
    return asked;
  }
}
