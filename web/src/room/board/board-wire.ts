/** Syncs this browser's document of a board with the worker, and sends and receives where people point (presence). */

import * as Y from "yjs";
import type { BoardWire } from "../room-link";
import { isPresence, presence, readPresence, type Sign } from "./presence";
import { isEmpty, receive, stepOne, updates } from "./sync";

const RETRY_MS = 250;
/** At most this many messages wait to be sent. If there are more, a few messages with the whole document replace them. */
const WAITING_MOST = 300;

export class BoardWireSync {
  private readonly theirs = {};
  private readonly ends: (() => void)[];
  private syncedWire = 0;
  /** The state vector of this document when the connection was last interrupted; null while the connection works. If the same
   *  connection recovers, the worker has not noticed the interruption and does not ask for changes. So this page itself sends
   *  what was drawn during the interruption. */
  private left: Uint8Array | null = null;
  /** Messages that the connection (`wire`) has not yet accepted, the oldest first. */
  private waiting: Uint8Array[] = [];
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly doc: Y.Doc,
    private readonly wire: BoardWire,
    private readonly onSign: (from: string, sign: Sign) => void,
  ) {
    doc.on("update", (change: Uint8Array, origin: unknown) => {
      if (origin !== this.theirs) this.send(...updates(change));
    });
    this.ends = [wire.onMessage((message) => this.received(message)), wire.generation.subscribe(() => this.connect())];
    this.connect();
  }

  /** Sends a sign of presence, such as a cursor. A sign that cannot be sent at once is dropped, because the next sign is
   *  newer. */
  show(sign: Sign): boolean {
    return this.wire.generation.get() > 0 && this.wire.send(presence(sign));
  }

  close(): void {
    clearTimeout(this.retry);
    for (const end of this.ends) end();
  }

  private connect(): void {
    const wire = this.wire.generation.get();
    if (wire <= 0) this.left ??= Y.encodeStateVector(this.doc);
    if (wire <= 0 || wire === this.syncedWire) return;
    this.syncedWire = wire;
    this.send(stepOne(this.doc));
    const drawn = this.left && Y.encodeStateAsUpdate(this.doc, this.left);
    this.left = null;
    if (drawn && !isEmpty(drawn)) this.send(...updates(drawn));
  }

  /** Sends messages in order. If the connection does not accept a message at the moment, the message and all later ones wait. A
   *  little later, this object tries to send them again. */
  private send(...messages: Uint8Array[]): void {
    if (this.wire.generation.get() <= 0) return;
    this.waiting.push(...messages);
    if (this.waiting.length > WAITING_MOST) this.waiting = updates(Y.encodeStateAsUpdate(this.doc));
    this.drain();
  }

  private drain(): void {
    clearTimeout(this.retry);
    while (this.waiting[0] && this.wire.send(this.waiting[0])) this.waiting.shift();
    if (this.waiting.length > 0) this.retry = setTimeout(() => this.drain(), RETRY_MS);
  }

  private received(message: Uint8Array): void {
    try {
      if (isPresence(message)) {
        const read = readPresence(message);
        if (read) this.onSign(read.from, read.sign);
        return;
      }
      const replies = receive(this.doc, message, this.theirs);
      if (replies.length === 0) return;
      // The worker sends its step 1 of the Yjs sync protocol when it begins to serve this connection. If this page sent its own
      // step 1 earlier, that message is lost. So this page sends its step 1 again.
      this.send(...replies);
      this.send(stepOne(this.doc));
    } catch (error) {
      console.warn("a board message could not be read", error);
    }
  }
}
