/** This browser's copy of a session's board: drawing, erasing, undo of own changes, and the sync with the worker. */

import * as Y from "yjs";
import type { BoardWire } from "../room-link";
import { newId } from "../client";
import {
  drawnAt,
  elementsOf,
  makeIndex,
  makeStroke,
  metaOf,
  readBackground,
  readPutAway,
  readStroke,
  SCHEMA,
  type Style,
} from "./schema";
import { ChunkDecoder, ChunkEncoder, quantize, touches, type Point } from "./strokes";
import { isEmpty, receive, stepOne, update } from "./sync";

/** A longer stroke continues as a new element, so that no element grows without bound. */
const STROKE_POINTS_MOST = 4000;
const RESYNC_MS = 1000;

/** A stroke ready to draw; `points` grows while it is being drawn. */
export interface Shape extends Style {
  id: string;
  opacity: number;
  index: string;
  author: string;
  deleted: boolean;
  points: Point[];
}

export interface BoardEvents {
  /** These strokes were added or grew. */
  onGrown: (shapes: Shape[]) => void;
  /** An element vanished, came back or changed otherwise: redraw everything. */
  onChanged: () => void;
  onBackground: (picture: string) => void;
  onUndoable: (undo: boolean, redo: boolean) => void;
}

interface Known {
  shape: Shape;
  decoder: ChunkDecoder;
  chunks: number;
}

export class BoardDoc {
  readonly doc = new Y.Doc();
  private readonly elements = elementsOf(this.doc);
  private readonly meta = metaOf(this.doc);
  /** The origin of our own changes; undo reverts only these. */
  private readonly mine = {};
  private readonly theirs = {};
  private readonly undoing = new Y.UndoManager([this.elements, this.meta], {
    trackedOrigins: new Set([this.mine]),
    captureTimeout: 1e12,
  });
  private readonly known = new Map<string, Known>();
  private readonly listeners = new Set<BoardEvents>();
  private readonly ends: (() => void)[];
  private syncedWire = 0;
  /** The state vector of our document when the wire was lost. If the same wire returns, the worker has noticed no loss and asks
   *  for nothing. So we send what was drawn since then. */
  private left: Uint8Array | null = null;
  private resync: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wire: BoardWire,
    private readonly author: () => string,
    private readonly now: () => number = Date.now,
  ) {
    this.elements.observeDeep((events) => this.observed(events as Y.YEvent<Y.AbstractType<unknown>>[]));
    this.meta.observe(() =>
      this.tell((listener) => {
        listener.onBackground(this.background);
        listener.onChanged();
      }),
    );
    const undoable = () => this.tell((listener) => listener.onUndoable(this.undoing.canUndo(), this.undoing.canRedo()));
    for (const kind of ["stack-item-added", "stack-item-popped", "stack-cleared"] as const) this.undoing.on(kind, undoable);
    this.doc.on("update", (change: Uint8Array, origin: unknown) => {
      if (origin !== this.theirs) this.send(update(change));
    });
    this.ends = [wire.onMessage((message) => this.received(message)), wire.generation.subscribe(() => this.connect())];
    this.connect();
  }

  get background(): string {
    return readBackground(this.meta);
  }

  /** Returns all strokes that are not erased, in drawing order. */
  shapes(): Shape[] {
    return [...this.known.values()]
      .map(({ shape }) => shape)
      .filter((shape) => !shape.deleted)
      .sort((a, b) => (a.index < b.index ? -1 : a.index > b.index ? 1 : 0));
  }

  /** Whether a stroke was put away, at or before `until` (ms since 1970), together with the picture on which it was drawn. */
  isPutAway(shape: Shape, until = Infinity): boolean {
    const putAway = readPutAway(this.meta);
    return shape.index < putAway && drawnAt(putAway) <= until;
  }

  listen(events: BoardEvents): () => void {
    this.listeners.add(events);
    events.onChanged();
    events.onBackground(this.background);
    events.onUndoable(this.undoing.canUndo(), this.undoing.canRedo());
    return () => this.listeners.delete(events);
  }

  /** Begins a stroke: one undo step, whatever its length. */
  draw(x: number, y: number, style: Style): Drawing {
    this.undoing.stopCapturing();
    return new Drawing((at, points) => this.write(at, points, style), [x, y]);
  }

  /** Begins an eraser sweep: one undo step. */
  eraser(radius: number): (x: number, y: number) => void {
    this.undoing.stopCapturing();
    return (x, y) => {
      const hit = this.shapes().filter(
        (shape) => !this.isPutAway(shape) && touches(shape.points, x, y, radius + shape.width / 2),
      );
      if (hit.length === 0) return;
      this.doc.transact(() => {
        for (const shape of hit) this.elements.get(shape.id)?.set("isDeleted", true);
      }, this.mine);
    };
  }

  undo(): void {
    this.undoing.undo();
  }

  redo(): void {
    this.undoing.redo();
  }

  /** Changes the background picture, as one undo step. Strokes drawn on the former picture are put away with it. Choosing blank
   *  paper ("") also puts strokes away. Strokes on blank paper stay when a picture is laid under them. */
  setBackground(picture: string): void {
    this.undoing.stopCapturing();
    this.doc.transact(() => {
      this.meta.set("schema", SCHEMA);
      if (this.background !== "" || picture === "") this.meta.set("putAway", makeIndex(this.now(), 1));
      this.meta.set("background", picture);
    }, this.mine);
    this.undoing.stopCapturing();
  }

  close(): void {
    clearTimeout(this.resync);
    for (const end of this.ends) end();
    this.undoing.destroy();
    this.doc.destroy();
  }

  /** Creates a stroke's element at a point, or finds it by its id. Appends `chunk` to its points, if given. Returns the id. */
  private write(at: Point | string, chunk: Uint8Array | null, style: Style): string {
    const id = typeof at === "string" ? at : newId();
    this.doc.transact(() => {
      if (typeof at !== "string") {
        this.elements.set(id, makeStroke(at[0], at[1], style, this.author(), makeIndex(this.now(), Math.random())));
      }
      const points = this.elements.get(id)?.get("points");
      if (chunk && points instanceof Y.Array) (points as Y.Array<Uint8Array>).push([chunk]);
    }, this.mine);
    return id;
  }

  private observed(events: Y.YEvent<Y.AbstractType<unknown>>[]): void {
    const touched = new Set<string>();
    for (const event of events) {
      if (event.path.length === 0) event.changes.keys.forEach((_, id) => touched.add(id));
      else touched.add(String(event.path[0]));
    }
    const grown: Shape[] = [];
    let changed = false;
    for (const id of touched) {
      const before = this.known.get(id)?.shape.deleted ?? true;
      const shape = this.read(id);
      if (shape && !shape.deleted && (before ? this.isNewest(shape) : true)) grown.push(shape);
      else changed ||= !before || (shape !== null && !shape.deleted);
    }
    if (changed) this.tell((listener) => listener.onChanged());
    else if (grown.length > 0) this.tell((listener) => listener.onGrown(grown));
  }

  private isNewest(shape: Shape): boolean {
    for (const { shape: other } of this.known.values()) if (other.index > shape.index) return false;
    return true;
  }

  /** Updates our unpacked copy of an element. Unpacks only new chunks of points, unless a redo replaced the element. */
  private read(id: string): Shape | null {
    const stroke = readStroke(this.elements.get(id));
    if (!stroke) {
      this.known.delete(id);
      return null;
    }
    const held = this.known.get(id);
    const fresh = !held || held.chunks > stroke.chunks.length || held.shape.index !== stroke.index;
    const decoder = fresh ? new ChunkDecoder(stroke.x, stroke.y) : held.decoder;
    for (const chunk of stroke.chunks.slice(fresh ? 0 : held.chunks)) if (chunk instanceof Uint8Array) decoder.push(chunk);
    const { colour, width, opacity, index, author, deleted } = stroke;
    const shape: Shape = { id, colour, width, opacity, index, author, deleted, points: decoder.points };
    this.known.set(id, { shape, decoder, chunks: stroke.chunks.length });
    return shape;
  }

  private connect(): void {
    const wire = this.wire.generation.get();
    if (wire <= 0) this.left ??= Y.encodeStateVector(this.doc);
    if (wire <= 0 || wire === this.syncedWire) return;
    this.syncedWire = wire;
    this.send(stepOne(this.doc));
    const drawn = this.left && Y.encodeStateAsUpdate(this.doc, this.left);
    this.left = null;
    if (drawn && !isEmpty(drawn)) this.send(update(drawn));
  }

  /** Sends a message. If that fails, the worker lacks a change, so the whole document is sent a little later. */
  private send(message: Uint8Array): void {
    if (this.wire.generation.get() <= 0 || this.wire.send(message)) return;
    clearTimeout(this.resync);
    this.resync = setTimeout(() => this.send(update(Y.encodeStateAsUpdate(this.doc))), RESYNC_MS);
  }

  private received(message: Uint8Array): void {
    try {
      const reply = receive(this.doc, message, this.theirs);
      if (!reply) return;
      // The worker sends step 1 when it begins to serve this wire. It did not get the step 1 that we sent earlier.
      this.send(reply);
      this.send(stepOne(this.doc));
    } catch (error) {
      console.warn("a board message could not be read", error);
    }
  }

  private tell(what: (listener: BoardEvents) => void): void {
    for (const listener of [...this.listeners]) what(listener);
  }
}

/** A stroke while the pen is down. The canvas calls `flush` every 33 ms and at the end, to pack the new points and write them. */
export class Drawing {
  private encoder: ChunkEncoder;
  private id = "";
  private count = 1;

  constructor(
    private readonly write: (at: Point | string, chunk: Uint8Array | null) => string,
    private start: Point,
  ) {
    this.start = [quantize(start[0]), quantize(start[1])];
    this.encoder = new ChunkEncoder(...this.start);
    this.id = write(this.start, null);
  }

  add(x: number, y: number): void {
    if (this.count >= STROKE_POINTS_MOST) this.goOn(x, y);
    this.encoder.add(x, y);
    this.count += 1;
  }

  flush(): void {
    const chunk = this.encoder.take();
    if (chunk) this.write(this.id, chunk);
  }

  private goOn(x: number, y: number): void {
    this.encoder.add(x, y);
    this.flush();
    this.start = [quantize(x), quantize(y)];
    this.encoder = new ChunkEncoder(...this.start);
    this.id = this.write(this.start, null);
    this.count = 1;
  }
}
