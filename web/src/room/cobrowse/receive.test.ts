import { expect, it } from "vitest";
import { META, type Seen } from "../../cobrowse/events";
import { base64 } from "../base64";
import { inflate, Receiver } from "./receive";

const deflated = async (words: string) => {
  const stream = new Blob([words]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
};

it("inflates pages, and no short message into a large one", async () => {
  const page = JSON.stringify(
    Array.from({ length: 20_000 }, (_, id) => ({ id, type: 2, tagName: "div", attributes: { class: `row row-${id % 7}` } })),
  );
  expect(await inflate(await deflated(page))).toBe(page);
  const bomb = await deflated(" ".repeat(20_000_000));
  expect(bomb.length).toBeLessThan(30_000);
  expect(await inflate(bomb)).toBeNull();
});

const batch = async (href: string): Promise<[Seen[], string]> => {
  const events: Seen[] = [{ type: META, data: { href, width: 1, height: 1 } }];
  return [events, base64(await deflated(JSON.stringify(events)))];
};

it("reads the next batch after one that was broken off", async () => {
  const got: Seen[][] = [];
  const receiver = new Receiver(({ events }) => got.push(events));
  const [, broken] = await batch("https://shop.example/1");
  const [second, whole] = await batch("https://shop.example/2");
  receiver.take({ data: broken.slice(0, 8), first: true, more: true });
  receiver.take({ data: "" });
  const cut = [whole.slice(0, 8), whole.slice(8)];
  cut.forEach((data, at) => receiver.take({ data, first: true, more: at < cut.length - 1 }));
  await expect.poll(() => got).toEqual([second]);
});

it("reads nothing further once it is stopped", async () => {
  const got: string[] = [];
  const [, whole] = await batch("https://shop.example/1");
  const stopped = new Receiver(() => got.push("stopped"));
  const other = new Receiver(() => got.push("other"));
  stopped.take({ data: whole, first: true });
  stopped.take({ data: whole, first: true });
  stopped.stop();
  for (const receiver of [other, other]) receiver.take({ data: whole, first: true });
  await expect.poll(() => got).toEqual(["other", "other"]);
});
