/** Helpers for the board's tests: a fake for the worker's end of the board's connection, and functions that draw strokes. */

import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { createStore } from "../../ui/store";
import type { BoardWire } from "../room-link";
import type { BoardDoc } from "./board-doc";
import { isPresence } from "./presence";
import type { NewShape } from "./schema";
import type { Shape } from "./shape";
import type { Point } from "./strokes";
import { receive, stepOne, updates } from "./sync";

export const PEN = { colour: "#1d5bc9", stroke: 4, opacity: 100 };

/** The worker's end of the board's connection: a Yjs document that answers as the protocol says and forwards changes. */
export class FakeWorker {
  doc = new Y.Doc();
  clients: { wire: BoardWire & { up: (on: boolean, unnoticed?: boolean) => void }; deliver: (message: Uint8Array) => void }[] =
    [];

  constructor() {
    this.doc.on("update", (change: Uint8Array, origin: unknown) => {
      for (const client of this.clients) if (client !== origin) for (const one of updates(change)) client.deliver(one);
    });
  }

  connect() {
    const listeners = new Set<(message: Uint8Array) => void>();
    const generation = createStore(1);
    const client = {
      deliver: (message: Uint8Array) => {
        if (generation.get() > 0) for (const listener of listeners) listener(message);
      },
      wire: {
        generation,
        send: (message: Uint8Array) => {
          for (const reply of receive(this.doc, message, client)) client.deliver(reply);
          if (isPresence(message)) for (const other of this.clients) if (other !== client) other.deliver(relayed("p-1", message));
          return true;
        },
        onMessage: (listener: (message: Uint8Array) => void) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        up: (on: boolean, unnoticed = false) => {
          generation.update((n) => (on ? Math.abs(n) + 1 : -Math.abs(n)));
          if (on && !unnoticed) client.deliver(stepOne(this.doc));
        },
      },
    };
    this.clients.push(client);
    return client.wire;
  }
}

/** Returns a message about where somebody points, as the worker forwards it to other participants: with the sender's id. */
export function relayed(from: string, message: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, 1);
  encoding.writeVarString(encoder, from);
  encoding.writeUint8Array(encoder, message.subarray(1));
  return encoding.toUint8Array(encoder);
}

export function scribble(board: BoardDoc, from: Point, steps = 6, page = ""): void {
  const drawing = board.draw(from, PEN, page);
  for (let i = 1; i <= steps; i++) {
    drawing.add(from[0] + i * 10, from[1]);
    if (i % 3 === 0) drawing.flush();
  }
  drawing.flush();
}

export const made = (more: Partial<NewShape> = {}): NewShape => ({
  kind: "rectangle",
  page: "",
  x: 100,
  y: 100,
  width: 200,
  height: 100,
  ...PEN,
  ...more,
});

export const shape = (more: Partial<Shape> = {}): Shape => ({
  id: "s1",
  kind: "rectangle",
  page: "",
  x: 100,
  y: 100,
  width: 200,
  height: 100,
  angle: 0,
  scaleX: 1,
  scaleY: 1,
  ...PEN,
  author: "p1",
  index: "0",
  deleted: false,
  locked: false,
  points: [],
  extent: { left: 0, top: 0, right: 0, bottom: 0 },
  text: "",
  fontSize: 32,
  picture: "",
  ...more,
});

/** Returns a generator (mulberry32) of pseudo-random numbers from 0 to 1. The same seed always gives the same numbers. */
export function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
