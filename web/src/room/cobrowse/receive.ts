/** Reads the batches of events that record a page. A long batch arrives in several parts. Each batch is compressed on its own, so
 *  a damaged batch does not harm the others. */

import type { Seen } from "../../cobrowse/events";
import { unbase64 } from "../base64";

/** One batch has at most this many characters of base64. The server passes on no larger batch. */
const MOST_TEXT = 2 * 1024 * 1024;
/** One decompressed batch has at most this many bytes. */
const MOST_BYTES = 48 * 1024 * 1024;
/**
 * A batch with n compressed bytes may have at most `SMALL_BYTES` + n × `MOST_RATIO` bytes after decompression. Without a limit, a
 * short hostile message could become gigabytes. Compression makes a usual page ten times smaller, and a page with many
 * repetitions forty times smaller.
 */
const MOST_RATIO = 60;
const SMALL_BYTES = 512 * 1024;

/** Returns how many bytes a batch with this many compressed bytes is allowed to have after decompression. */
export const mostOf = (compressed: number): number => Math.min(MOST_BYTES, SMALL_BYTES + compressed * MOST_RATIO);

export interface Part {
  data: string;
  first?: boolean;
  more?: boolean;
}

export interface Batch {
  first: boolean;
  events: Seen[];
}

/** Returns the text of a compressed batch; null if it is damaged or too large. */
export async function inflate(bytes: Uint8Array<ArrayBuffer>, most = mostOf(bytes.byteLength)): Promise<string | null> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return await new Blob(parts).text();
      size += value.byteLength;
      if (size > most) {
        await reader.cancel();
        return null;
      }
      parts.push(value);
    }
  } catch {
    return null;
  }
}

export class Receiver {
  private parts: string[] = [];
  private size = 0;
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly onBatch: (batch: Batch) => void) {}

  /** Takes the next part of a batch of page events. Batches come out in order. An empty part means that the sender has given up
   *  the present batch. */
  take({ data, first = false, more = false }: Part): void {
    this.parts.push(data);
    this.size += data.length;
    if (data === "" || this.size > MOST_TEXT) {
      this.parts = [];
      this.size = 0;
      return;
    }
    if (more) return;
    const whole = this.parts;
    this.parts = [];
    this.size = 0;
    this.work = this.work.then(() => this.finish(first, whole)).catch(() => undefined);
  }

  /** Stops reading. Drops the parts that were taken but not read yet, because it could take seconds to read all of
   *  them. */
  stop(): void {
    this.stopped = true;
  }

  private give(batch: Batch): void {
    if (!this.stopped) this.onBatch(batch);
  }

  private async finish(first: boolean, parts: string[]): Promise<void> {
    if (this.stopped) return;
    const bytes = parts.map((part) => unbase64(part) as Uint8Array<ArrayBuffer>);
    const text = await inflate(new Uint8Array(await new Blob(bytes).arrayBuffer()));
    const events = text === null ? null : (JSON.parse(text) as unknown);
    if (Array.isArray(events)) this.give({ first, events: events as Seen[] });
  }
}
