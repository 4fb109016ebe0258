/** Keeps a session's notes while the person types them. Sends the notes to the server shortly after the last key press. Keeps the
 *  notes in this tab until the person saves them. */

import { createStore, type Readable } from "../ui/store";
import type { RequestMessage } from "../room/connection";

export interface Typed {
  text: string;
  outcome: string;
  tags: string[];
  /** Whether the server has stored these notes, outcome and tags as they are here. */
  sent: boolean;
}

/** The notes, outcome and tags of a session as the server has stored them. */
export interface Told {
  notes: string;
  outcome: string;
  tags: string[];
}

type Send = (message: RequestMessage) => Promise<unknown>;
type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

const KEY = "sangdam.notes";
const PAUSE_MS = 400; // pause after the last key before notes are sent to the server, ms
const MOST = 20; // how many sessions' notes this tab keeps at most; beyond that, the oldest notes are dropped

export class Drafts {
  private readonly store;
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly ask: Send,
    private readonly storage: Storage = sessionStorage,
  ) {
    this.store = createStore<Record<string, Typed>>(this.kept());
  }

  /** Session → the notes, outcome and tags that were typed in this tab. */
  get state(): Readable<Record<string, Typed>> {
    return this.store;
  }

  type(session: string, text: string, outcome: string, tags: string[]): void {
    this.put(session, { text, outcome, tags, sent: false });
    clearTimeout(this.timers.get(session));
    this.timers.set(
      session,
      setTimeout(() => this.send(session), PAUSE_MS),
    );
  }

  /** Sends the notes on a session if the server does not have them yet. Keeps the notes in this tab if the server refuses
   *  them. */
  send(session: string): void {
    clearTimeout(this.timers.get(session));
    const typed = this.store.get()[session];
    if (!typed || typed.sent) return;
    this.ask({ type: "notes", session, notes: typed.text, outcome: typed.outcome, tags: typed.tags }).then(
      () => this.store.get()[session] === typed && this.put(session, { ...typed, sent: true }),
      () => undefined,
    );
  }

  /** Takes over the server's notes on a session, which another tab might have changed, unless newer notes were typed in this
   *  tab. */
  told(session: string, { notes, outcome, tags }: Told): void {
    const typed = this.store.get()[session];
    if (!typed?.sent) return;
    if (typed.text !== notes || typed.outcome !== outcome || typed.tags.join() !== tags.join()) this.forget(session);
  }

  /** Forgets the draft of a session's notes, because the notes were saved or are no longer needed. */
  forget(session: string): void {
    clearTimeout(this.timers.get(session));
    const { [session]: _, ...others } = this.store.get();
    this.write(others);
  }

  private put(session: string, typed: Typed): void {
    const { [session]: _, ...others } = this.store.get();
    this.write(Object.fromEntries([...Object.entries(others), [session, typed] as const].slice(-MOST)));
  }

  private write(all: Record<string, Typed>): void {
    this.store.set(all);
    try {
      this.storage.setItem(KEY, JSON.stringify(Object.fromEntries(Object.entries(all).filter(([, typed]) => !typed.sent))));
    } catch {
      // the browser forbids storage, or its storage is full, so drafts are lost when the page is closed or reloaded
    }
  }

  private kept(): Record<string, Typed> {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? "{}") as Record<string, Typed>;
    } catch {
      return {};
    }
  }
}
