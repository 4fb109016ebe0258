import { expect, test } from "vitest";
import { FileQueue, SendError, type Progress } from "./queue";

interface Call {
  id: string;
  progress: Progress;
  done: () => void;
  fail: (reason: string) => void;
  aborted: () => boolean;
}

function aQueue() {
  const calls: Call[] = [];
  const queue = new FileQueue((file, progress, signal) => {
    return new Promise<void>((done, reject) => {
      const fail = (reason: string) => reject(new SendError(reason));
      signal.addEventListener("abort", () => fail("network"));
      calls.push({ id: file.id, progress, done, fail, aborted: () => signal.aborted });
    });
  });
  const add = (...ids: string[]) => ids.map((id) => queue.add(id, new Blob(["x"]), `${id}.pdf`, "all"));
  const states = () => Object.fromEntries(queue.files.get().map((file) => [file.id, file.state]));
  return { queue, calls, add, states };
}

const settled = () => new Promise((done) => setTimeout(done));

test("two files go at a time, the others wait for their turn", async () => {
  const { calls, add, states } = aQueue();
  add("a", "b", "c");
  expect(states()).toEqual({ a: "sending", b: "sending", c: "waiting" });
  calls[0]?.done();
  await settled();
  expect(states()).toEqual({ b: "sending", c: "sending" });
});

test("progress is shown", () => {
  const { queue, calls, add } = aQueue();
  add("a");
  calls[0]?.progress(7);
  expect(queue.files.get()[0]?.sentBytes).toBe(7);
});

test("a file cut off by the network goes again with the same id", async () => {
  const { queue, calls, add, states } = aQueue();
  add("a");
  calls[0]?.fail("network");
  await settled();
  expect(states()).toEqual({ a: "paused" });
  queue.again();
  expect(states()).toEqual({ a: "sending" });
  expect(calls.map((call) => call.id)).toEqual(["a", "a"]);
});

test("a refused file stays with its reason until the person acts", async () => {
  const { queue, calls, add } = aQueue();
  add("a");
  calls[0]?.fail("file_unknown");
  await settled();
  queue.again();
  expect(queue.files.get()[0]).toMatchObject({ state: "refused", reason: "file_unknown" });
  queue.again("a");
  expect(queue.files.get()[0]?.state).toBe("sending");
});

test("cancelling ends the request and lets the next file go", async () => {
  const { queue, calls, add, states } = aQueue();
  add("a", "b", "c");
  queue.cancel("a");
  await settled();
  expect(calls[0]?.aborted()).toBe(true);
  expect(states()).toEqual({ b: "sending", c: "sending" });
});

test("more than twenty files are not taken", () => {
  const { add } = aQueue();
  expect(add(...Array.from({ length: 21 }, (_, n) => `f${n}`)).filter(Boolean)).toHaveLength(20);
});

test("a refused file takes no waiting file out of the queue", () => {
  const { queue, add, states } = aQueue();
  add(...Array.from({ length: 20 }, (_, n) => `f${n}`));
  for (let n = 0; n < 25; n++) queue.refuse(`r${n}`, new Blob(), `r${n}.pdf`, "too_many");
  const kinds = Object.values(states());
  expect(kinds.filter((state) => state === "waiting")).toHaveLength(18);
  expect(kinds.filter((state) => state === "refused")).toHaveLength(20);
  expect(states().r4).toBeUndefined();
  expect(states().r24).toBe("refused");
});
