/**
 * Splits board messages for the `doc` channel into fragments with at most 16 KiB of the message, and joins them again. The first
 * byte of a fragment says whether more follow. Without fragments, a large message would hold up other data, and some browsers
 * would refuse to send it.
 */

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

  /** Takes a fragment. Returns the whole message if this was its last fragment, otherwise null. Throws RangeError if the
   *  message is too large or a fragment is malformed. */
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
