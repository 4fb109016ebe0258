/** Where people point at this moment: cursors, laser trails, and the part of a page that a leader shows. None of this is stored.
 *  A message is the number 1, the id of the participant (only in messages from the worker), and the body. The body is a kind
 *  byte, the page, the number of points, and each point as two int16 in 1/8 unit. */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { Box } from "./shape";
import type { Point } from "./strokes";

const PRESENCE = 1;
const STEP = 8;
const PAIRS_MOST = 64;
const MOST = 32_767;

const GONE = 0;
const CURSOR = 1;
const LASER = 2;
const LEAD = 3;
const COME = 4;

export type Sign =
  | { kind: "gone" }
  | { kind: "cursor"; page: string; at: Point }
  /** `trail`: the points of the laser pointer since its last message. */
  | { kind: "laser"; page: string; trail: Point[] }
  /** `box`: the part of the page that the sender sees. `lead`: the boards of other people keep showing this part. `come`:
   *  the boards of other people jump to this part once. */
  | { kind: "lead" | "come"; page: string; box: Box };

function body(sign: Sign): Uint8Array {
  const encoder = encoding.createEncoder();
  const points = pointsOf(sign).slice(-PAIRS_MOST);
  encoding.writeUint8(encoder, { gone: GONE, cursor: CURSOR, laser: LASER, lead: LEAD, come: COME }[sign.kind]);
  encoding.writeVarString(encoder, sign.kind === "gone" ? "" : sign.page);
  encoding.writeVarUint(encoder, points.length);
  for (const value of points.flat())
    encoding.writeUint16(encoder, Math.round(Math.min(MOST, Math.max(-MOST, value * STEP))) & 0xffff);
  return encoding.toUint8Array(encoder);
}

function pointsOf(sign: Sign): Point[] {
  if (sign.kind === "gone") return [];
  if (sign.kind === "cursor") return [sign.at];
  if (sign.kind === "laser") return sign.trail;
  return [
    [sign.box.left, sign.box.top],
    [sign.box.right, sign.box.bottom],
  ];
}

/** Returns the message that tells the worker where this person points (`sign`). */
export function presence(sign: Sign): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, PRESENCE);
  encoding.writeVarUint8Array(encoder, body(sign));
  return encoding.toUint8Array(encoder);
}

export const isPresence = (message: Uint8Array): boolean => message[0] === PRESENCE;

/**
 * Reads a presence message from the worker. Returns null for a message of an unknown kind, or for a message that lacks points
 * which its kind must have. Throws for a truncated message.
 */
export function readPresence(message: Uint8Array): { from: string; sign: Sign } | null {
  const outer = decoding.createDecoder(message);
  if (decoding.readVarUint(outer) !== PRESENCE) return null;
  const from = decoding.readVarString(outer);
  const decoder = decoding.createDecoder(decoding.readVarUint8Array(outer));
  const kind = decoding.readUint8(decoder);
  const page = decoding.readVarString(decoder);
  const count = Math.min(PAIRS_MOST, decoding.readVarUint(decoder));
  const number = () => ((decoding.readUint16(decoder) << 16) >> 16) / STEP;
  const points = Array.from({ length: count }, (): Point => [number(), number()]);
  const sign = signOf(kind, page, points);
  return sign && { from, sign };
}

function signOf(kind: number, page: string, points: Point[]): Sign | null {
  const [first, second] = points;
  if (kind === GONE) return { kind: "gone" };
  if (kind === LASER) return { kind: "laser", page, trail: points };
  if (kind === CURSOR && first) return { kind: "cursor", page, at: first };
  if ((kind !== LEAD && kind !== COME) || !first || !second) return null;
  const box: Box = { left: first[0], top: first[1], right: second[0], bottom: second[1] };
  return box.right > box.left && box.bottom > box.top ? { kind: kind === LEAD ? "lead" : "come", page, box } : null;
}

/** A point of a laser trail stays visible for `TRAIL_MS`. A cursor stays visible for `CURSOR_MS` after its last movement. */
export const TRAIL_MS = 1200;
export const CURSOR_MS = 8000;
/** Every `LEAD_EVERY_MS`, a person who leads the others ("Follow me") sends which part of the page they see, for people who join
 *  later. A follower who gets no such message for `LEAD_LASTS_MS` stops following. */
export const LEAD_EVERY_MS = 2000;
export const LEAD_LASTS_MS = 5000;

export interface Person {
  cursor: { page: string; at: Point; seen: number } | null;
  trail: { page: string; at: Point; seen: number }[];
  lead: { page: string; box: Box; seen: number } | null;
}

const TRAIL_MOST = 400;

/** Keeps where each of the other people points, and who leads the others to a part of the board. The source is each person's last
 *  message of presence (`Sign`). Pure: the caller gives the time. */
export class Signs {
  readonly people = new Map<string, Person>();

  take(from: string, sign: Sign, now: number): void {
    const known = this.people.get(from) ?? { cursor: null, trail: [], lead: null };
    if (sign.kind === "gone") {
      this.people.delete(from);
      return;
    }
    if (sign.kind === "cursor") known.cursor = { page: sign.page, at: sign.at, seen: now };
    if (sign.kind === "lead") known.lead = { page: sign.page, box: sign.box, seen: now };
    if (sign.kind === "laser") {
      known.cursor = null; // the newest point of the laser's trail shows where the person points, so no cursor is needed
      for (const at of sign.trail) known.trail.push({ page: sign.page, at, seen: now });
      known.trail = known.trail.slice(-TRAIL_MOST);
    }
    this.people.set(from, known);
  }

  /** Removes trails, cursors and signs of leading that are too old. Returns whether a trail is still fading, so that it must be
   *  painted again. */
  fade(now: number): boolean {
    let fading = false;
    for (const [id, person] of this.people) {
      person.trail = person.trail.filter((spot) => now - spot.seen < TRAIL_MS);
      if (person.cursor && now - person.cursor.seen >= CURSOR_MS) person.cursor = null;
      if (person.lead && now - person.lead.seen >= LEAD_LASTS_MS) person.lead = null;
      fading ||= person.trail.length > 0;
      if (!person.cursor && !person.lead && person.trail.length === 0) this.people.delete(id);
    }
    return fading;
  }

  /** Returns the id of the person who leads ("Follow me"); "" if nobody leads. If several people lead, returns the person whose
   *  presence messages came first. */
  leader(): string {
    for (const [id, person] of this.people) if (person.lead) return id;
    return "";
  }
}
