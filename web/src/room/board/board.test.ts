import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { createStore } from "../../ui/store";
import { hasBoardContent, type BoardWire } from "../room-link";
import { BoardDoc } from "./board-doc";
import { elementsOf, makeIndex, makeStroke, readStroke } from "./schema";
import { ChunkDecoder, ChunkEncoder, touches, type Point } from "./strokes";
import { receive, stepOne, update } from "./sync";

const PEN = { colour: "#1d5bc9", width: 4 };

function decode(x: number, y: number, chunks: Uint8Array[]): Point[] {
  const decoder = new ChunkDecoder(x, y);
  for (const chunk of chunks) decoder.push(chunk);
  return decoder.points;
}

describe("chunks of points", () => {
  it("bring back every point within a sixteenth of a px, however long the stroke", () => {
    const encoder = new ChunkEncoder(10, 20);
    const points: Point[] = Array.from({ length: 500 }, (_, i) => [10 + i * 0.37, 20 + Math.sin(i / 9) * 80]);
    const chunks: Uint8Array[] = [];
    points.forEach(([x, y], i) => {
      encoder.add(x, y);
      if (i % 4 === 0) chunks.push(encoder.take() ?? new Uint8Array());
    });
    chunks.push(encoder.take() ?? new Uint8Array());
    const read = decode(10, 20, chunks);
    const last = points.at(-1)!;
    expect(Math.hypot(read.at(-1)![0] - last[0], read.at(-1)![1] - last[1])).toBeLessThan(0.1);
  });

  it("are four bytes a point, and nothing for a pen that rests", () => {
    const encoder = new ChunkEncoder(0, 0);
    encoder.add(0.01, 0);
    expect(encoder.take()).toBeNull();
    encoder.add(1, -1);
    expect(encoder.take()).toEqual(Uint8Array.of(8, 0, 248, 255));
  });

  it("may end in the middle of a point without harm", () => {
    expect(decode(1, 2, [Uint8Array.of(8, 0, 8, 0, 99)])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it("are touched by an eraser that passes between two far points", () => {
    const line: Point[] = [
      [0, 0],
      [100, 0],
    ];
    expect(touches(line, 50, 4, 5)).toBe(true);
    expect(touches(line, 50, 6, 5)).toBe(false);
    expect(touches([[3, 3]], 3, 4, 1)).toBe(true);
  });
});

describe("elements", () => {
  it.each([
    ["no colour", { strokeColor: "red" }],
    ["a colour that is code", { strokeColor: "url(javascript:1)" }],
    ["no numbers", { x: "1" }],
    ["not a number", { strokeWidth: NaN }],
    ["another type", { type: "image" }],
    ["no points", { points: 3 }],
  ])("that others wrote with %s are not drawn", (_, changes) => {
    const element = makeStroke(1, 2, PEN, "p1", "0");
    elementsOf(new Y.Doc()).set("e1", element);
    expect(readStroke(element)).toMatchObject({ colour: "#1d5bc9", deleted: false });
    for (const [name, value] of Object.entries(changes)) element.set(name, value);
    expect(readStroke(element)).toBeNull();
  });

  it("lie in the order of their making", () => {
    expect([makeIndex(2, 0), makeIndex(10, 0), makeIndex(9, 0.5)].sort()).toEqual([
      makeIndex(2, 0),
      makeIndex(9, 0.5),
      makeIndex(10, 0),
    ]);
  });
});

/** The worker's end of the wire: a Yjs document that answers as the protocol says and forwards changes. */
class FakeWorker {
  doc = new Y.Doc();
  clients: { wire: BoardWire & { up: (on: boolean, unnoticed?: boolean) => void }; deliver: (message: Uint8Array) => void }[] =
    [];

  constructor() {
    this.doc.on("update", (change: Uint8Array, origin: unknown) => {
      for (const client of this.clients) if (client !== origin) client.deliver(update(change));
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
          const reply = receive(this.doc, message, client);
          if (reply) client.deliver(reply);
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

function scribble(board: BoardDoc, from: Point, steps = 6): void {
  const drawing = board.draw(from[0], from[1], PEN);
  for (let i = 1; i <= steps; i++) {
    drawing.add(from[0] + i * 10, from[1]);
    if (i % 3 === 0) drawing.flush();
  }
  drawing.flush();
}

const ends = (board: BoardDoc) => board.shapes().map((shape) => shape.points.at(-1));

describe("a shared board", () => {
  it("shows a stroke on the other side, and whole to one who comes late", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    scribble(mina, [100, 100]);
    expect(ends(jimin)).toEqual([[160, 100]]);
    const late = new BoardDoc(worker.connect(), () => "p3");
    expect(late.shapes()[0]?.points).toHaveLength(7);
    expect(late.shapes()[0]?.author).toBe("p1");
  });

  it("takes back one's own strokes, one at a time and whole, never another's", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    scribble(mina, [0, 100]);
    scribble(jimin, [0, 200]);
    scribble(mina, [0, 300]);
    mina.undo();
    mina.undo();
    mina.undo();
    expect(ends(jimin)).toEqual([[60, 200]]);
    mina.redo();
    mina.redo();
    expect(
      ends(jimin)
        .map((point) => point?.[1] ?? 0)
        .toSorted((a, b) => a - b),
    ).toEqual([100, 200, 300]);
  });

  it("erases anybody's strokes in one sweep, which can be undone", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    scribble(mina, [0, 100]);
    scribble(jimin, [0, 120]);
    const erase = mina.eraser(8);
    erase(30, 100);
    erase(30, 120);
    expect(jimin.shapes()).toEqual([]);
    mina.undo();
    expect(jimin.shapes()).toHaveLength(2);
  });

  it.each([false, true])(
    "loses nothing that was drawn while the way was cut, on either side (unnoticed by the worker: %s)",
    (unnoticed) => {
      const worker = new FakeWorker();
      const wire = worker.connect();
      const [mina, jimin] = [new BoardDoc(wire, () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
      wire.up(false);
      scribble(mina, [0, 100]);
      scribble(jimin, [0, 200]);
      expect(jimin.shapes()).toHaveLength(1);
      wire.up(true, unnoticed);
      expect(mina.shapes()).toHaveLength(2);
      expect(jimin.shapes()).toHaveLength(2);
    },
  );

  it("asks again a worker that begins to serve it late: what it asked before was lost", () => {
    const worker = new FakeWorker();
    scribble(new BoardDoc(worker.connect(), () => "p1"), [0, 100]);
    const wire = worker.connect();
    let serves = false;
    const late = new BoardDoc({ ...wire, send: (message) => !serves || wire.send(message) }, () => "p2");
    scribble(late, [0, 200]);
    expect(late.shapes()).toHaveLength(1);
    serves = true;
    worker.clients[1]?.deliver(stepOne(worker.doc));
    expect(late.shapes()).toHaveLength(2);
    expect(elementsOf(worker.doc).size).toBe(2);
  });

  it("sends everything again when a message could not go", () => {
    vi.useFakeTimers();
    const worker = new FakeWorker();
    const wire = worker.connect();
    let full = false;
    const [mina, jimin] = [
      new BoardDoc({ ...wire, send: (message) => !full && wire.send(message) }, () => "p1"),
      new BoardDoc(worker.connect(), () => "p2"),
    ];
    full = true;
    scribble(mina, [0, 100]);
    full = false;
    vi.advanceTimersByTime(1000);
    expect(ends(jimin)).toEqual([[60, 100]]);
    vi.useRealTimers();
  });

  it("shares its background and is told of it", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    mina.setBackground("pic-1");
    expect(jimin.background).toBe("pic-1");
    mina.setBackground("../../etc");
    expect(jimin.background).toBe("");
  });

  it("puts strokes away with the picture they were drawn on, and one undo brings both back", () => {
    const worker = new FakeWorker();
    let now = 1000;
    const [mina, jimin] = ["p1", "p2"].map(
      (id) =>
        new BoardDoc(
          worker.connect(),
          () => id,
          () => now++,
        ),
    ) as [BoardDoc, BoardDoc];
    const seen = (board: BoardDoc, until = Infinity) => board.shapes().filter((shape) => !board.isPutAway(shape, until)).length;
    scribble(mina, [0, 100]);
    jimin.setBackground("pic-1");
    expect(seen(mina)).toBe(1); // the stroke stays when a picture is laid under it
    scribble(jimin, [0, 200]);
    const before = now;
    mina.setBackground("");
    expect([seen(mina), seen(jimin), seen(mina, before - 1)]).toEqual([0, 0, 2]);
    scribble(jimin, [0, 300]);
    expect(seen(mina)).toBe(1);
    mina.undo();
    expect([seen(jimin), jimin.background]).toEqual([3, "pic-1"]);
  });

  it("tells the canvas of growth apart from changes that need a new drawing", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    const events = { onGrown: vi.fn(), onChanged: vi.fn(), onBackground: vi.fn(), onUndoable: vi.fn() };
    jimin.listen(events);
    events.onChanged.mockClear();
    scribble(mina, [0, 100]);
    expect(events.onGrown).toHaveBeenCalled();
    expect(events.onChanged).not.toHaveBeenCalled();
    mina.undo();
    expect(events.onChanged).toHaveBeenCalledOnce();
  });

  it("survives bytes that are no message", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const worker = new FakeWorker();
    const board = new BoardDoc(worker.connect(), () => "p1");
    for (const bytes of [[], [0], [0, 2, 200], [0, 1, 3, 9, 9, 9], [5, 5]]) worker.clients[0]?.deliver(Uint8Array.from(bytes));
    scribble(board, [0, 0]);
    expect(board.shapes()).toHaveLength(1);
    warn.mockRestore();
  });
});

describe("hasBoardContent", () => {
  it("sees whether there is anything on the board worth loading it for", () => {
    const doc = new Y.Doc();
    expect(hasBoardContent(stepOne(doc))).toBe(false);
    doc.getMap("meta").set("schema", 1);
    expect(hasBoardContent(stepOne(doc))).toBe(true);
    expect(hasBoardContent(update(Y.encodeStateAsUpdate(doc)))).toBe(true);
    expect(hasBoardContent(receive(doc, stepOne(new Y.Doc()), null)!)).toBe(true);
    expect(hasBoardContent(receive(new Y.Doc(), stepOne(new Y.Doc()), null)!)).toBe(false);
  });
});
