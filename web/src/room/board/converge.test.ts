import { describe, expect, it } from "vitest";
import { BoardDoc } from "./board-doc";
import { elementsOf, metaOf, pagesOf } from "./schema";
import { FakeWorker, made, randomly, scribble } from "./testing";

/** Like a real network: delays messages and mixes the messages of different senders at random, but keeps the messages of each
 *  sender in order. */
class SlowWire {
  private readonly queues = new Map<string, (() => void)[]>();

  constructor(private readonly any: () => number) {}

  later(whose: string, deliver: () => void): void {
    this.queues.set(whose, [...(this.queues.get(whose) ?? []), deliver]);
  }

  /** Delivers up to `most` of the messages that are under way. Returns whether some are left. */
  run(most: number): boolean {
    for (let n = 0; n < most; n++) {
      const full = [...this.queues].filter(([, queue]) => queue.length > 0);
      if (full.length === 0) return false;
      full[Math.floor(this.any() * full.length)]![1].shift()!();
    }
    return true;
  }
}

describe("three people who draw at once", () => {
  it.each([1, 2, 3, 4])("end with the same board, whatever the order in which messages come (seed %i)", (seed) => {
    const any = randomly(seed);
    const slow = new SlowWire(any);
    const worker = new FakeWorker();
    let now = 1000;
    const boards = ["p1", "p2", "p3"].map((id) => {
      const wire = worker.connect();
      return new BoardDoc(
        {
          ...wire,
          send: (message) => (slow.later(`${id} up`, () => void wire.send(message)), true),
          onMessage: (listener) => wire.onMessage((message) => slow.later(`${id} down`, () => listener(message))),
        },
        () => id,
        () => now++,
      );
    });
    const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(any() * from.length)];
    for (let n = 0; n < 200; n++) {
      const board = boards[n % 3]!;
      scribble(board, [any() * 1600, any() * 1000], 1 + Math.floor(any() * 40));
      const shape = pick(board.seen(""));
      const roll = any();
      if (roll < 0.15 && shape) board.change(new Map([[shape.id, { x: any() * 1600, angle: any() }]]));
      else if (roll < 0.25 && shape) board.remove([shape.id]);
      else if (roll < 0.35) board.undo();
      else if (roll < 0.4) board.redo();
      else if (roll < 0.45) board.add([made({ kind: "text", text: "가격" })]);
      else if (roll < 0.48) board.addPage();
      else if (roll < 0.5) board.setBackground(any() < 0.5 ? "" : "pic-1");
      slow.run(Math.floor(any() * 12));
    }
    while (slow.run(1000));
    const state = (doc: BoardDoc["doc"]) => [elementsOf(doc).toJSON(), metaOf(doc).toJSON(), pagesOf(doc).toJSON()];
    for (const board of boards) {
      expect(state(board.doc)).toEqual(state(worker.doc));
      expect(board.shapes()).toEqual(boards[0]!.shapes());
      expect(board.pages()).toEqual(boards[0]!.pages());
    }
    expect(boards[0]!.allShapes().length).toBeGreaterThan(100);
  });
});
