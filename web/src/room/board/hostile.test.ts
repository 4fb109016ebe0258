import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { BoardDoc } from "./board-doc";
import { describe as inWords } from "./describe";
import { boxOf, hits, paintedBox } from "./geometry";
import { Known } from "./known";
import { pathData } from "./paint";
import { elementsOf, metaOf, pagesOf, PAGES_MOST } from "./schema";
import { gripsOf } from "./selection";
import { KINDS, type Shape } from "./shape";
import { FakeWorker, randomly } from "./testing";

const WRITER = () => "p1";
const FIELDS = [
  ...["x", "y", "width", "height", "angle", "scaleX", "scaleY", "strokeColor", "strokeWidth", "opacity", "fontSize", "text"],
  ...["points", "packing", "fileId", "page", "author", "index", "isDeleted", "locked", "type"],
];

/** Returns a random value that a hostile program might write into the board's document, to break the pages that read it. */
function value(any: () => number): unknown {
  const values: (() => unknown)[] = [
    () => NaN,
    () => (any() < 0.5 ? Infinity : -Infinity),
    () => (any() - 0.5) * 1e308,
    () => Math.floor(any() * 100),
    () => 0,
    () => null,
    () => true,
    () => "\u202e\ud800\0".repeat(50),
    () => "#1d5bc9",
    () => "../../../etc",
    () => "x".repeat(5000),
    () => [[[1]]],
    () => ({ toString: "no" }),
    () => Uint8Array.from({ length: 40 }, () => Math.floor(any() * 256)),
    () => new Y.Map(),
    () => Y.Array.from([Uint8Array.from({ length: 4000 }, () => Math.floor(any() * 256)), 7, "no"]),
  ];
  return values[Math.floor(any() * values.length)]!();
}

function honest(any: () => number): Y.Map<unknown> {
  const element = new Y.Map<unknown>();
  const fields = {
    x: any() * 1600,
    y: any() * 1000,
    width: 100,
    height: 50,
    strokeColor: "#1d5bc9",
    strokeWidth: 4,
    fileId: "pic",
    text: "글자",
  };
  for (const [name, one] of Object.entries(fields)) element.set(name, one);
  element.set("type", KINDS[Math.floor(any() * KINDS.length)]);
  element.set("points", Y.Array.from([Uint8Array.from({ length: 400 }, () => Math.floor(any() * 256))]));
  return element;
}

const isFinite = (numbers: number[]) => numbers.every((one) => Number.isFinite(one));

function expectHarmless(shape: Shape): void {
  const box = paintedBox(shape);
  expect(isFinite([box.left, box.top, box.right, box.bottom, ...gripsOf([shape], 20).flatMap(({ at }) => at)])).toBe(true);
  expect(pathData(shape)).not.toMatch(/NaN|Infinity|undefined/);
  expect(typeof hits(shape, [100, 100], 8)).toBe("boolean");
  expect(inWords(shape, [shape], "Mina")).not.toMatch(/[\u202e\ud800\0]/);
  expect(boxOf(shape).right - boxOf(shape).left).toBeGreaterThanOrEqual(0);
  expect(shape.text.length).toBeLessThanOrEqual(2000);
}

describe("a document that somebody wrote to do harm", () => {
  it.each([1, 2, 3, 4, 5, 6])("has only shapes with finite places, and every page can be read (seed %i)", (seed) => {
    const any = randomly(seed);
    const worker = new FakeWorker();
    worker.doc.transact(() => {
      for (let n = 0; n < 300; n++) {
        const element = honest(any);
        for (let i = Math.floor(any() * 5); i >= 0; i--) element.set(FIELDS[Math.floor(any() * FIELDS.length)]!, value(any));
        elementsOf(worker.doc).set(any() < 0.9 ? `e${n}` : `<b>${n}`, element);
      }
      for (let n = 0; n < 200; n++) pagesOf(worker.doc).set(`p${n}`, any() < 0.5 ? new Y.Map() : (value(any) as Y.Map<unknown>));
      for (const key of ["background", "putAway", "isDeleted", "colour:p1", "colour:"]) metaOf(worker.doc).set(key, value(any));
    });
    const board = new BoardDoc(worker.connect(), WRITER);
    expect(board.pages().length).toBeLessThanOrEqual(PAGES_MOST);
    const shapes = board.allShapes();
    expect(shapes.length).toBeGreaterThan(50);
    for (const shape of shapes) expectHarmless(shape);
    for (const colour of board.colours().values()) expect(colour).toMatch(/^#[0-9a-f]{6}$/i);
    const [first] = board.pages();
    board.clear(first!.id);
    board.undo();
  });

  it("never holds more shapes and points than a browser can bear", () => {
    const elements = elementsOf(new Y.Doc());
    const known = new Known(elements, { shapes: 50, points: 1000 });
    for (let n = 0; n < 100; n++) {
      const element = honest(() => 0);
      element.set("points", Y.Array.from([new Uint8Array(400)]));
      elements.set(`s${n}`, element);
      known.read(`s${n}`);
    }
    expect(known.all()).toHaveLength(50);
    expect(known.all().reduce((sum, { points }) => sum + points.length, 0)).toBeLessThanOrEqual(1100);
    elements.delete("s0");
    known.read("s0");
    expect(known.read("s99")).not.toBeNull();
  });
});
