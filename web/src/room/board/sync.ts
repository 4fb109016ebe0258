/** The sync messages of y-protocols. Each is varuint 0, then its kind: 0 (step 1: state vector), 1 (step 2: update) or 2
 *  (update), then bytes. */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { split } from "./split";

const SYNC = 0;
const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;

function message(kind: number, payload: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  encoding.writeVarUint(encoder, kind);
  encoding.writeVarUint8Array(encoder, payload);
  return encoding.toUint8Array(encoder);
}

/** Returns the message of step 1, which says what this document has. The worker answers with step 2, which contains everything
 *  that this document lacks. */
export const stepOne = (doc: Y.Doc): Uint8Array => message(STEP_1, Y.encodeStateVector(doc));

export const update = (change: Uint8Array): Uint8Array => message(UPDATE, change);

/** Returns the messages that carry a change. A long change takes several messages: a message has at most 256 KiB. */
export const updates = (change: Uint8Array): Uint8Array[] => split(change).map(update);

/** Applies a message to the document, with the Yjs origin `origin`. Returns the replies to send. Throws Error for an unreadable
 *  message. */
export function receive(doc: Y.Doc, data: Uint8Array, origin: unknown): Uint8Array[] {
  const decoder = decoding.createDecoder(data);
  if (decoding.readVarUint(decoder) !== SYNC) return [];
  const kind = decoding.readVarUint(decoder);
  const payload = decoding.readVarUint8Array(decoder);
  if (kind === STEP_1) {
    const [first, ...rest] = split(Y.encodeStateAsUpdate(doc, payload));
    return first ? [message(STEP_2, first), ...rest.map(update)] : [];
  }
  if (kind === STEP_2 || kind === UPDATE) Y.applyUpdate(doc, payload, origin);
  return [];
}

/** Whether a Yjs update changes nothing. */
export const isEmpty = (change: Uint8Array): boolean => change.length <= 2;
