import { expect, it, vi } from "vitest";
import type { PageClient } from "./scope";
import { pageOf, WHOSE } from "./whose";

/** Makes a page that shows the conversation `shows`. Null: the page never answers the worker's question. */
const page = (shows: string | null): PageClient => ({
  url: "https://talk.example/call",
  visibilityState: "hidden",
  postMessage: (message, transfer) => {
    expect(message).toEqual({ kind: WHOSE });
    if (shows !== null) (transfer![0] as MessagePort).postMessage(shows);
  },
  focus: () => Promise.resolve(),
});

it("finds the page of the conversation among the open ones", async () => {
  const pages = [page("s-1"), page(""), page("s-2")];
  expect(await pageOf(pages, "s-2")).toBe(pages[2]);
  expect(await pageOf(pages, "s-3")).toBeUndefined();
  expect(await pageOf([page("")], "")).toBeUndefined();
  expect(await pageOf([], "s-1")).toBeUndefined();
});

it("does not wait for a page that is frozen", async () => {
  vi.useFakeTimers();
  const found = pageOf([page(null)], "s-1");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await found).toBeUndefined();
  vi.useRealTimers();
});
