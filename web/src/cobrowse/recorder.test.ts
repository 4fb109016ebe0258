// @vitest-environment jsdom
import { afterEach, expect, it } from "vitest";
import { META, type Seen } from "./events";
import { Recorder } from "./recorder";

let recorder: Recorder | null = null;

afterEach(() => {
  recorder?.stop();
  history.replaceState(null, "", "/");
});

it("tells the new address of a single-page application, without its query", async () => {
  let sent: Seen[] = [];
  document.body.innerHTML = "<main>Cart</main>";
  recorder = new Recorder("strict", (_, events) => sent.push(...events));
  recorder.start();
  const told = () => sent.flatMap((event) => (event.type === META ? [event.data.href] : []));
  await expect.poll(told).toHaveLength(1);
  sent = [];
  history.pushState(null, "", "/order?name=kim");
  document.querySelector("main")!.textContent = "Order";
  await expect.poll(told).toEqual([`${location.origin}/order`]);
  document.querySelector("main")!.textContent = "Same page";
  await expect.poll(() => sent.length).toBeGreaterThan(2);
  expect(told()).toHaveLength(1);
});
