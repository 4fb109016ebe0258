import { describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { hasBoardContent } from "../room-link";
import { BoardDoc } from "./board-doc";
import { elementsOf, makeElement, makeIndex, readElement } from "./schema";
import type { Point } from "./strokes";
import { receive, stepOne, update } from "./sync";
import { FakeWorker, made, PEN, scribble } from "./testing";

describe("elements", () => {
  it.each([
    ["no colour", { strokeColor: "red" }],
    ["a colour that is code", { strokeColor: "url(javascript:1)" }],
    ["no numbers", { x: "1" }],
    ["not a number", { strokeWidth: NaN }],
    ["another type", { type: "iframe" }],
    ["a picture from elsewhere", { type: "image", fileId: "https://example.com/a.png" }],
    ["no points", { points: 3 }],
  ])("that others wrote with %s are not drawn", (_, changes) => {
    const element = makeElement({ ...PEN, kind: "freedraw", page: "", x: 1, y: 2 }, "p1", "0");
    elementsOf(new Y.Doc()).set("e1", element);
    expect(readElement("e1", element)?.shape).toMatchObject({ colour: "#1d5bc9", deleted: false });
    for (const [name, value] of Object.entries(changes)) element.set(name, value);
    expect(readElement("e1", element)).toBeNull();
  });

  it("lie in the order of their making", () => {
    expect([makeIndex(2, 0), makeIndex(10, 0), makeIndex(9, 0.5)].sort()).toEqual([
      makeIndex(2, 0),
      makeIndex(9, 0.5),
      makeIndex(10, 0),
    ]);
  });
});

/** Returns the last point of each stroke, in the coordinates of the board's page. */
const ends = (board: BoardDoc): (Point | undefined)[] =>
  board.shapes().map(({ x, y, points }) => {
    const [dx, dy] = points.at(-1) ?? [0, 0];
    return [x + dx, y + dy];
  });

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
    const erase = mina.eraser();
    erase([30, 100], 8);
    erase([30, 120], 8);
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
    expect(jimin.pages()[0]?.background).toBe("pic-1");
    mina.setBackground("../../etc");
    expect(jimin.pages()[0]?.background).toBe("");
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
    expect(seen(mina)).toBe(1); // a stroke on blank paper stays when a picture becomes the background
    scribble(jimin, [0, 200]);
    const before = now;
    mina.setBackground("");
    expect([seen(mina), seen(jimin), seen(mina, before - 1)]).toEqual([0, 0, 2]);
    scribble(jimin, [0, 300]);
    expect(seen(mina)).toBe(1);
    mina.undo();
    expect([seen(jimin), jimin.pages()[0]?.background]).toEqual([3, "pic-1"]);
  });

  it("tells the canvas of growth apart from changes that need a new drawing", () => {
    const worker = new FakeWorker();
    const [mina, jimin] = [new BoardDoc(worker.connect(), () => "p1"), new BoardDoc(worker.connect(), () => "p2")];
    const events = { onGrown: vi.fn(), onChanged: vi.fn() };
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

describe("shapes", () => {
  const two = () => {
    const worker = new FakeWorker();
    return ["p1", "p2"].map((id) => new BoardDoc(worker.connect(), () => id)) as [BoardDoc, BoardDoc];
  };

  it("are moved on both sides, and undo brings only one's own move back", () => {
    const [mina, jimin] = two();
    const [mine, other] = mina.add([made(), made({ x: 600 })]) as [string, string];
    mina.beginStep();
    mina.change(new Map([[mine, { x: 300, y: 200 }]]));
    jimin.beginStep();
    jimin.change(new Map([[other, { angle: 1 }]]));
    expect(jimin.shape(mine)).toMatchObject({ x: 300, y: 200 });
    mina.undo();
    expect(jimin.shape(mine)).toMatchObject({ x: 100, y: 100 });
    expect(mina.shape(other)?.angle).toBe(1);
    mina.redo();
    expect(jimin.shape(mine)).toMatchObject({ x: 300, y: 200 });
  });

  it("that two people move at once lie at the same place on both sides", () => {
    const [mina, jimin] = two();
    const [id] = mina.add([made()]) as [string];
    for (const [board, x] of [
      [mina, 10],
      [jimin, 20],
    ] as const) {
      board.beginStep();
      board.change(new Map([[id, { x }]]));
    }
    expect(mina.shape(id)?.x).toBe(jimin.shape(id)?.x);
  });

  it("are copied with their points, and one undo takes all copies back", () => {
    const [mina, jimin] = two();
    scribble(mina, [0, 100]);
    mina.add([made()]);
    const copies = mina.copy(mina.shapes(), "", [24, 24]);
    expect(copies).toHaveLength(2);
    expect(jimin.shape(copies[0]!)).toMatchObject({ kind: "freedraw", x: 24, y: 124, points: mina.shapes()[0]?.points });
    mina.undo();
    expect(jimin.shapes()).toHaveLength(2);
  });

  it("are cleared: one's own, or all, each in one step", () => {
    const [mina, jimin] = two();
    scribble(mina, [0, 100]);
    scribble(jimin, [0, 200]);
    mina.clear("", "p1");
    expect(jimin.shapes().map(({ author }) => author)).toEqual(["p2"]);
    mina.undo();
    mina.clear("");
    expect(jimin.shapes()).toEqual([]);
    mina.undo();
    expect(jimin.shapes()).toHaveLength(2);
  });

  it("that are locked survive the eraser", () => {
    const [mina] = two();
    const [id] = mina.add([made({ kind: "line", height: 0 })]) as [string];
    mina.change(new Map([[id, { locked: true }]]));
    mina.eraser()([150, 100], 8);
    expect(mina.shape(id)).toBeDefined();
    mina.change(new Map([[id, { locked: false }]]));
    mina.eraser()([150, 100], 8);
    expect(mina.shape(id)).toBeUndefined();
  });

  it("show texts without what a text must not have", () => {
    const [mina, jimin] = two();
    const [id] = mina.add([made({ kind: "text", text: "\u202e가격\0\r\n12,000\ud800" + "x".repeat(5000) })]) as [string];
    expect(jimin.shape(id)?.text.slice(0, 9)).toBe("가격\n12,000");
    expect(jimin.shape(id)?.text.length).toBeLessThanOrEqual(2000);
  });
});

describe("pages", () => {
  it("are added, named in order and deleted on both sides, and the last one stays", () => {
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
    const second = mina.addPage()!;
    const third = jimin.addPage("pic-1")!;
    expect(jimin.pages().map(({ id, background }) => [id, background])).toEqual([
      ["", ""],
      [second, ""],
      [third, "pic-1"],
    ]);
    scribble(mina, [0, 100], 6, second);
    expect([jimin.shapes().length, jimin.shapes(second).length]).toEqual([0, 1]);
    jimin.removePage("");
    jimin.removePage(second);
    jimin.removePage(third);
    expect(mina.pages().map(({ id }) => id)).toEqual([third]);
    jimin.undo();
    expect(mina.shapes(second)).toHaveLength(1);
  });

  it("have backgrounds of their own, and blank paper puts only the page's own shapes away", () => {
    const [mina] = [new BoardDoc(new FakeWorker().connect(), () => "p1")];
    const second = mina.addPage("pic-1")!;
    scribble(mina, [0, 100]);
    scribble(mina, [0, 100], 6, second);
    mina.setBackground("", second);
    expect([mina.seen("").length, mina.seen(second).length]).toEqual([1, 0]);
  });

  it("are at most sixty", () => {
    const board = new BoardDoc(new FakeWorker().connect(), () => "p1");
    for (let i = 0; i < 59; i++) expect(board.addPage()).not.toBeNull();
    expect(board.addPage()).toBeNull();
  });
});

describe("a board over 256 KiB", () => {
  it("comes whole to a worker that lost it, in messages that it takes", () => {
    const first = new FakeWorker();
    const wire = first.connect();
    const board = new BoardDoc(wire, () => "p1");
    for (let i = 0; i < 80; i++) {
      const drawing = board.draw([i, i], PEN);
      for (let n = 1; n < 3900; n++) drawing.add(i + (n % 2) * 9, i);
      drawing.flush();
    }
    board.remove([board.shapes()[0]!.id]);
    const second = new FakeWorker();
    const other = second.connect();
    const sizes: number[] = [];
    new BoardDoc({ ...other, send: (message) => (sizes.push(message.length), other.send(message)) }, () => "p2");
    for (const message of receive(board.doc, stepOne(new Y.Doc()), null)) {
      sizes.push(message.length);
      receive(second.doc, message, null);
    }
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(elementsOf(second.doc).toJSON()).toEqual(elementsOf(board.doc).toJSON());
  });
});

describe("hasBoardContent", () => {
  it("sees whether there is anything on the board worth loading it for", () => {
    const doc = new Y.Doc();
    expect(hasBoardContent(stepOne(doc))).toBe(false);
    doc.getMap("meta").set("schema", 1);
    expect(hasBoardContent(stepOne(doc))).toBe(true);
    expect(hasBoardContent(update(Y.encodeStateAsUpdate(doc)))).toBe(true);
    expect(hasBoardContent(receive(doc, stepOne(new Y.Doc()), null)[0]!)).toBe(true);
    expect(hasBoardContent(receive(new Y.Doc(), stepOne(new Y.Doc()), null)[0]!)).toBe(false);
  });
});
