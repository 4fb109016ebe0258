/** Board messages on the `doc` channel: fragments of at most 16 KiB, each after one byte that says whether more follow.
 *  Larger data channel messages are interleaved badly, and some browsers refuse them. */

export const FRAGMENT_BYTES = 16 * 1024;
export const WHOLE_BYTES = 256 * 1024;

const LAST = 0;
const MORE = 1;

export function fragment(message: Uint8Array): Uint8Array<ArrayBuffer>[] {
  if (message.length > WHOLE_BYTES) throw new RangeError(`a board message of ${message.length} bytes`);
  const fragments: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  do {
    const part = message.subarray(at, at + FRAGMENT_BYTES);
    at += FRAGMENT_BYTES;
    const whole = new Uint8Array(part.length + 1);
    whole[0] = at < message.length ? MORE : LAST;
    whole.set(part, 1);
    fragments.push(whole);
  } while (at < message.length);
  return fragments;
}

export class Reassembler {
  private parts: Uint8Array[] = [];
  private bytes = 0;

  /** Returns the whole message with its last fragment, else null. Throws RangeError when it is too large or malformed. */
  push(part: Uint8Array): Uint8Array | null {
    const header = part[0];
    if (header !== LAST && header !== MORE) return this.refuse("a fragment with an unknown header");
    this.bytes += part.length - 1;
    if (this.bytes > WHOLE_BYTES) return this.refuse("a board message over 256 KiB");
    this.parts.push(part.subarray(1));
    if (header === MORE) return null;
    const whole = new Uint8Array(this.bytes);
    let at = 0;
    for (const one of this.parts) {
      whole.set(one, at);
      at += one.length;
    }
    this.reset();
    return whole;
  }

  private refuse(why: string): never {
    this.reset();
    throw new RangeError(why);
  }

  private reset(): void {
    this.parts = [];
    this.bytes = 0;
  }
}
