import { expect, it } from "vitest";
import { inflate } from "./receive";

it("inflates pages, and no short message into a large one", async () => {
  const deflated = async (words: string) => {
    const stream = new Blob([words]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const page = JSON.stringify(
    Array.from({ length: 20_000 }, (_, id) => ({ id, type: 2, tagName: "div", attributes: { class: `row row-${id % 7}` } })),
  );
  expect(await inflate(await deflated(page))).toBe(page);
  const bomb = await deflated(" ".repeat(20_000_000));
  expect(bomb.length).toBeLessThan(30_000);
  expect(await inflate(bomb)).toBeNull();
});
