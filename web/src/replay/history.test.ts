import { expect, test } from "vitest";
import { base64 } from "../room/base64";
import { BoardDoc } from "../room/board/board-doc";
import { FakeWorker, made } from "../room/board/testing";
import { BoardHistory, type BoardStep } from "./history";
import { boardSteps } from "./steps";

/** Returns the changes in a board's journal after a rectangle was drawn at 10, moved at 20, and deleted at 30. */
function journal(): BoardStep[] {
  const worker = new FakeWorker();
  const steps: BoardStep[] = [];
  let at = 10;
  worker.doc.on("update", (change: Uint8Array) => steps.push({ at, update: base64(change) }));
  const board = new BoardDoc(worker.connect(), () => "p-jimin");
  const [id] = board.add([made({ x: 100 })]);
  at = 20;
  board.change(new Map([[id!, { x: 700 }]]));
  at = 30;
  board.remove([id!]);
  board.close();
  return steps;
}

const lefts = (history: BoardHistory, at: number) =>
  history
    .at(at)
    .shapes()
    .map(({ x }) => x);

test("a replay shows a shape where it lay at that time, also after it was deleted", () => {
  const history = new BoardHistory(journal());
  expect(lefts(history, 9)).toEqual([]);
  expect(lefts(history, 10)).toEqual([100]);
  expect(lefts(history, 25)).toEqual([700]);
  expect(lefts(history, 30)).toEqual([]);
  expect(lefts(history, 12)).toEqual([100]);
  expect(history.timed).toBe(true);
  history.close();
});

test("a board without times is whole from the start", () => {
  const history = new BoardHistory(
    journal()
      .slice(0, 1)
      .map(({ update }) => ({ at: 0, update })),
  );
  expect(lefts(history, 1)).toEqual([100]);
  expect(history.timed).toBe(false);
  history.close();
});

test("a history is fetched in parts, and a part that comes twice changes nothing", async () => {
  const steps = journal();
  const parts: Record<string, unknown> = {
    "/board": { steps: steps.slice(0, 2), epoch: 1, next: 8 },
    "/board?epoch=1&after=8": { steps: steps.slice(0, 2), epoch: 2, next: 9 }, // the server merged changes after the first part
    "/board?epoch=2&after=9": { steps: steps.slice(2), epoch: 2, next: 0 },
  };
  const history = new BoardHistory(await boardSteps("/board", (path) => Promise.resolve(parts[path])));
  expect([9, 10, 25, 30].map((at) => lefts(history, at))).toEqual([[], [100], [700], []]);
  history.close();
});
