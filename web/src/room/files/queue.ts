/**
 * A queue of files to send to the server, two at a time. A file that got no answer stays in the queue until `again` or `cancel`
 * is called. Uses no DOM.
 */

import { createStore, type Readable } from "../../ui/store";

export type Progress = (sentBytes: number) => void;

/** A function that sends one file to the server, and reports progress. Rejects with a SendError. */
export type Send = (file: OutFile, progress: Progress, signal: AbortSignal) => Promise<void>;

export class SendError extends Error {
  /** `reason`: "network" if no answer came; the file can then be sent again. Any other reason says why the server refused the
   *  file. */
  constructor(readonly reason: string) {
    super(reason);
    this.name = "SendError";
  }
}

export interface OutFile {
  /** The id of the file's line. It stays the same when the file is sent again, so that the file is shown once. */
  id: string;
  name: string;
  body: Blob;
  audience: "all" | "staff";
  sentBytes: number;
  /** `paused`: the server has not answered. `sending.ts` tries to send the file again every 4 s. */
  state: "waiting" | "sending" | "paused" | "refused";
  reason: string;
}

const AT_ONCE = 2;
const MOST = 20;

export class FileQueue {
  private readonly store = createStore<OutFile[]>([]);
  private readonly under = new Map<string, AbortController>();

  constructor(private readonly send: Send) {}

  get files(): Readable<OutFile[]> {
    return this.store;
  }

  /** Adds a file to the queue. Returns false, without adding it, if too many files wait or are being sent already. */
  add(id: string, body: Blob, name: string, audience: OutFile["audience"]): boolean {
    if (this.store.get().filter(({ state }) => state !== "refused").length >= MOST) return false;
    const file: OutFile = { id, name, body, audience, sentBytes: 0, state: "waiting", reason: "" };
    this.store.update((files) => [...files, file]);
    this.next();
    return true;
  }

  /** Adds a file that cannot be sent, only to show the reason. At most 20 such files are shown; the oldest are dropped. */
  refuse(id: string, body: Blob, name: string, reason: string): void {
    const file: OutFile = { id, name, body, audience: "all", sentBytes: 0, state: "refused", reason };
    this.store.update((files) => {
      const tooMany = files.filter(({ state }) => state === "refused").slice(0, 1 - MOST);
      return [...files.filter((one) => !tooMany.includes(one)), file];
    });
  }

  cancel(id: string): void {
    this.under.get(id)?.abort();
    this.store.update((files) => files.filter((file) => file.id !== id));
    this.next();
  }

  /** Sends all paused files again, or only the file with this id. */
  again(id?: string): void {
    const waits = (file: OutFile) => (id === undefined ? file.state === "paused" : file.id === id && !this.under.has(id));
    this.store.update((files) => files.map((file) => (waits(file) ? { ...file, state: "waiting", reason: "" } : file)));
    this.next();
  }

  private next(): void {
    while (this.under.size < AT_ONCE) {
      const file = this.store.get().find((one) => one.state === "waiting");
      if (!file) return;
      void this.sendOne(file);
    }
  }

  private async sendOne(file: OutFile): Promise<void> {
    const stop = new AbortController();
    this.under.set(file.id, stop);
    this.change(file.id, { state: "sending", sentBytes: 0 });
    try {
      await this.send(file, (sentBytes) => this.change(file.id, { sentBytes }), stop.signal);
      this.store.update((files) => files.filter((one) => one.id !== file.id));
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      this.change(file.id, { state: error.reason === "network" ? "paused" : "refused", reason: error.reason });
    } finally {
      this.under.delete(file.id);
      this.next();
    }
  }

  private change(id: string, values: Partial<OutFile>): void {
    this.store.update((files) => files.map((file) => (file.id === id ? { ...file, ...values } : file)));
  }
}
