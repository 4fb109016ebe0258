/** Splits a long Yjs update into several with the same effect. Yjs itself can only merge updates. Pure. */

import * as encoding from "lib0/encoding";
import * as Y from "yjs";

/** An update that has reached this size, in bytes, gets no further Yjs struct. A board message has at most 256 KiB. The
 *  difference leaves space for the header, and for that part of the last struct with which the update exceeds this size. */
export const UPDATE_BYTES = 240 * 1024;

type Decoded = ReturnType<typeof Y.decodeUpdate>;
type Struct = Decoded["structs"][number];

/** Returns updates of about `limit` bytes at most. A Yjs struct (such as one inserted chunk of a stroke) is never cut, so a
 *  longer struct makes a longer update. */
export function split(update: Uint8Array, limit = UPDATE_BYTES): Uint8Array[] {
  if (update.length <= limit) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const made: Uint8Array[] = [];
  let open: Struct[] = [];
  let encoder = new Y.UpdateEncoderV1();
  const close = () => {
    if (open.length > 0) made.push(assembled(open, encoding.toUint8Array(encoder.restEncoder)));
    open = [];
    encoder = new Y.UpdateEncoderV1();
  };
  for (const struct of structs) {
    const last = open.at(-1);
    const follows = !last || (last.id.client === struct.id.client && last.id.clock + last.length === struct.id.clock);
    if (!follows || encoding.length(encoder.restEncoder) >= limit) close();
    if (!(struct instanceof Y.Skip)) {
      struct.write(encoder, 0);
      open.push(struct);
    }
  }
  close();
  return [...made, ...deletes(ds, limit)];
}

function assembled(structs: Struct[], body: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarUint(encoder, structs.length);
  encoding.writeVarUint(encoder, structs[0]!.id.client);
  encoding.writeVarUint(encoder, structs[0]!.id.clock);
  encoding.writeUint8Array(encoder, body);
  encoding.writeVarUint(encoder, 0);
  return encoding.toUint8Array(encoder);
}

/** The greatest number of bytes that one range of deleted structs takes in an update. */
const RANGE_BYTES = 12;

function deletes(ds: Decoded["ds"], limit: number): Uint8Array[] {
  const most = Math.max(1, Math.floor(limit / RANGE_BYTES));
  const made: Uint8Array[] = [];
  for (const [client, ranges] of ds.clients) {
    for (let from = 0; from < ranges.length; from += most) {
      const some = ranges.slice(from, from + most);
      const encoder = encoding.createEncoder();
      for (const value of [0, 1, client, some.length, ...some.flatMap(({ clock, len }) => [clock, len])])
        encoding.writeVarUint(encoder, value);
      made.push(encoding.toUint8Array(encoder));
    }
  }
  return made;
}
