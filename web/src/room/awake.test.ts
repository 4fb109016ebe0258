import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepAwake } from "./awake";

class Lock {
  released = false;
  release() {
    this.released = true;
    return Promise.resolve();
  }
}

let locks: Lock[] = [];
let page: EventTarget & { hidden: boolean };

const settle = () => new Promise((done) => setTimeout(done));
const held = () => locks.filter((lock) => !lock.released).length;

function show(visible: boolean): Promise<unknown> {
  page.hidden = !visible;
  if (!visible) for (const lock of locks) void lock.release(); // browsers end the wake lock of a hidden page
  page.dispatchEvent(new Event("visibilitychange"));
  return settle();
}

beforeEach(() => {
  locks = [];
  page = Object.assign(new EventTarget(), { hidden: false });
  vi.stubGlobal("document", page);
  vi.stubGlobal("navigator", {
    wakeLock: {
      request: () => {
        const lock = new Lock();
        locks.push(lock);
        return Promise.resolve(lock);
      },
    },
  });
});
afterEach(() => void vi.unstubAllGlobals());

it("holds one lock while the page is seen, until the call ends", async () => {
  const end = keepAwake();
  await settle();
  expect(held()).toBe(1);
  await show(false);
  expect(held()).toBe(0);
  await show(true);
  await show(true);
  expect(held()).toBe(1);
  end();
  await show(true);
  expect(held()).toBe(0);
});

it("releases a lock that comes after the end, and needs no wake lock", async () => {
  keepAwake()();
  await settle();
  expect([locks.length, held()]).toEqual([1, 0]);
  vi.stubGlobal("navigator", {});
  keepAwake()();
});
