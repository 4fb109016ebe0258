/** A page's connection to the server, and the state that it has received. Fetches lines that the page missed. A line that the
 *  server has not acknowledged survives a reload of the tab. */

import type { SendLine, ServerMessage, SessionView } from "../messages";
import { createStore, type Readable } from "../ui/store";
import { Connection, RequestError, type ConnectionOptions, type Kept } from "./connection";
import { initialState, lastRev, reduce, viewer, type RoomEvent, type RoomState } from "./state";

export interface ClientOptions {
  token?: string;
  locale: string;
  desk?: boolean;
  url?: string;
  tab?: string;
  storage?: Pick<Storage, "getItem" | "setItem">;
  now?: () => number;
  openSocket?: ConnectionOptions["openSocket"];
}

const OUTBOX = "sangdam.outbox";
const DRAFTS = "sangdam.drafts";
const DRAFTS_MOST = 20; // at most this many drafts, the newest, are kept over a reload

/** Returns 96 random bits. (crypto.randomUUID exists only in secure contexts.) */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const hidden = () => typeof document !== "undefined" && document.hidden;

function socketUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

/** The unsent text in a session's message box. The text survives when the box moves to another place on the page. */
export interface Draft {
  text: string;
  /** Whether the message box had the focus when it was removed from the page. */
  focused: boolean;
}

export class Client {
  readonly connection: Connection;
  readonly drafts: Map<string, Draft>;
  /** Session → the number of the line to which this person is writing a reply; 0 for none. */
  readonly replies = createStore<Record<string, number>>({});
  private readonly store = createStore<RoomState>(initialState);
  private readonly storage: Pick<Storage, "getItem" | "setItem">;
  private readonly now: () => number;
  private readonly listeners = new Set<(message: ServerMessage) => void>();
  /** `caughtUp`: sessions whose lines were requested on this connection. `complete`: session → the `rev` (number of a change) up
   *  to which this page has every new or changed line. */
  private caughtUp = new Set<string>();
  private readonly complete = new Map<string, number>();
  private readonly fetching = new Map<string, Promise<boolean>>();

  constructor(options: ClientOptions) {
    this.storage = options.storage ?? sessionStorage;
    this.now = options.now ?? Date.now;
    this.drafts = new Map(this.kept<[string, Draft]>(DRAFTS).map(([session, { text }]) => [session, { text, focused: false }]));
    this.connection = new Connection({
      url: options.url ?? socketUrl(),
      tab: options.tab ?? newId(), // never stored: a duplicated tab would have the same id, because its sessionStorage is copied
      token: options.token,
      locale: options.locale,
      desk: options.desk,
      ready: () => this.store.get().staff?.ready,
      openSocket: options.openSocket,
      onMessage: (message) => this.received(message),
      onStatus: (status, reason) => this.apply({ type: "status", status, reason }),
      onRefused: (line, reason) => {
        this.apply({ type: "refused", line, reason });
      },
      onKept: () => this.keepLines(),
    });
    for (const line of this.kept<Kept>(OUTBOX)) this.deliver(line);
  }

  /** The state of all sessions of this client, for `useStore`. */
  get state(): Readable<RoomState> {
    return this.store;
  }

  /**
   * Subscribes to all messages of the server. The listener is called after the state was updated. Some messages, such as those of
   * the board, do not change the state. Returns a function that unsubscribes.
   */
  onMessage(listener: (message: ServerMessage) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  open(): void {
    addEventListener("online", this.networkBack);
    addEventListener("visibilitychange", this.tellLooking);
    this.connection.open();
  }

  close(): void {
    removeEventListener("online", this.networkBack);
    removeEventListener("visibilitychange", this.tellLooking);
    this.connection.close();
  }

  /** Tells the server whether anybody looks at this page. If nobody does, the server can send pushes about what happens in the
   *  conversation. */
  private readonly tellLooking = () => this.connection.send({ type: "looking", on: !hidden() });
  private readonly networkBack = () => this.connection.networkBack();

  /**
   * Shows the line as "sending" at once, and resends it until the server acknowledges or refuses it, or until the page gives it
   * up. Returns the line's id.
   */
  sendLine(line: Omit<SendLine, "type" | "line" | "id">): string {
    const whole: SendLine = { type: "line", line: newId(), ...line };
    this.deliver(whole);
    return whole.line;
  }

  /** Edits a line of this person, or retracts it (null), as soon as the server can be reached. */
  changeLine(session: string, seq: number, text: string | null): void {
    this.deliver(text === null ? { type: "retract_line", session, seq } : { type: "edit_line", session, seq, text });
  }

  replyTo(session: string, seq: number): void {
    this.replies.update((replies) => ({ ...replies, [session]: seq }));
  }

  private deliver(message: Kept): void {
    this.connection.deliver(message);
    this.apply({ type: "sending", line: message });
    this.keepLines();
  }

  /** Forgets a line (by its id), or the change of a line (by the line's number), that the server has refused. */
  dismissLine(session: string, line: string | number): void {
    this.apply({ type: "dismiss", session, line });
  }

  private received(message: ServerMessage): void {
    if (message.type === "welcome") {
      this.returned();
      if (hidden()) this.tellLooking();
    }
    if (message.type === "session" && !this.caughtUp.has(message.session.id) && readsLines(message.session)) {
      this.caughtUp.add(message.session.id);
      void this.catchUp(message.session.id);
    }
    this.apply(message);
    if (message.type === "ack") this.keepLines();
    for (const listener of [...this.listeners]) listener(message);
  }

  /** Stores, for each session, the `rev` (number of a change) after which lines must be fetched. A session that was complete on
   * the old connection lacks only lines after its last `rev`. */
  private returned(): void {
    for (const session of this.complete.keys()) {
      const known = Math.max(this.complete.get(session) ?? 0, lastRev(this.store.get(), session));
      if (this.caughtUp.has(session)) this.complete.set(session, known);
    }
    this.caughtUp.clear();
  }

  private async catchUp(session: string): Promise<void> {
    const after = this.complete.get(session);
    try {
      await (after === undefined ? this.newest(session) : this.missed(session, after));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.caughtUp.delete(session); // at the server's next `SessionView`, this page asks for the lines again
    }
  }

  private async newest(session: string): Promise<void> {
    const reply = await this.connection.request({ type: "lines", session, before: 0 });
    if (reply.type === "lines") this.complete.set(session, reply.rev ?? 0);
  }

  /** Fetches the lines that came while this page was disconnected, in as many requests as it takes. A new line can arrive before
   *  these missed lines. So `complete`, and not the last known line, says where to continue. */
  private async missed(session: string, after: number): Promise<void> {
    for (;;) {
      const reply = await this.connection.request({ type: "lines", session, after });
      if (reply.type !== "lines") return;
      const last = reply.lines.at(-1);
      if (last) after = last.rev;
      this.complete.set(session, after);
      if (reply.more !== true || !last) return;
    }
  }

  /** Fetches the lines just before the oldest known line, as many as one answer holds. Returns whether older lines were added. */
  older(session: string): Promise<boolean> {
    const under = this.fetching.get(session);
    const before = this.store.get().older[session] ?? 0;
    if (under || before === 0) return under ?? Promise.resolve(false);
    const fetched = this.connection
      .request({ type: "lines", session, before })
      .then(
        () => this.store.get().older[session] !== before,
        () => false, // the older lines could not be fetched; the next scroll tries again
      )
      .finally(() => this.fetching.delete(session));
    this.fetching.set(session, fetched);
    return fetched;
  }

  /** Fetches older lines until the line `seq` is known. Returns false if they cannot be fetched. */
  async reach(session: string, seq: number): Promise<boolean> {
    while ((this.store.get().older[session] ?? 0) > seq) if (!(await this.older(session))) return false;
    return true;
  }

  private apply(event: RoomEvent): void {
    this.store.update((state) => reduce(state, event, this.now()));
  }

  /** Keeps the unsent text of a session's message box, also over a reload. Null forgets that text. */
  draft(session: string, draft: Draft | null): void {
    this.drafts.delete(session);
    if (draft) this.drafts.set(session, draft);
    this.keep(DRAFTS, [...this.drafts].slice(-DRAFTS_MOST));
  }

  private keepLines(): void {
    this.keep(OUTBOX, this.connection.unacknowledged());
  }

  private keep(name: string, entries: unknown[]): void {
    try {
      this.storage.setItem(name, JSON.stringify(entries));
    } catch {
      // If storage is full or forbidden, unsent lines and drafts do not survive a reload.
    }
  }

  private kept<T>(name: string): T[] {
    try {
      const kept: unknown = JSON.parse(this.storage.getItem(name) ?? "[]");
      return Array.isArray(kept) ? (kept as T[]) : [];
    } catch {
      return [];
    }
  }
}

/** Whether this person reads lines. Operators who listen in, and the user's phone while it is a camera, read none. */
function readsLines(session: SessionView): boolean {
  const { role, label } = viewer(session) ?? {};
  return role !== "operator" && label !== "camera";
}
