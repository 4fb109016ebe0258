import { expect, test } from "vitest";
import { Previews } from "./previews";

const blob = (text: string) => new Blob([text]);

test("previews are drawn one at a time, each once", async () => {
  let drawing = 0;
  let most = 0;
  const previews = new Previews(async (file) => {
    most = Math.max(most, ++drawing);
    await Promise.resolve();
    drawing--;
    return blob(`drawn ${await file.text()}`);
  });
  let fetched = 0;
  const fetch = (text: string) => () => {
    fetched++;
    return Promise.resolve(blob(text));
  };
  const [one, two, again] = await Promise.all([
    previews.of("/1", fetch("one")),
    previews.of("/2", fetch("two")),
    previews.of("/1", fetch("one")),
  ]);
  expect([await one.text(), await two.text()]).toEqual(["drawn one", "drawn two"]);
  expect(again).toBe(one);
  expect([most, fetched]).toEqual([1, 2]);
});

test("a broken file is tried once and does not stop the others", async () => {
  let tries = 0;
  const previews = new Previews((file) => {
    tries++;
    return file.size === 0 ? Promise.reject(new Error("broken")) : Promise.resolve(file);
  });
  const broken = () => previews.of("/broken", () => Promise.resolve(blob("")));
  await expect(broken()).rejects.toThrow("broken");
  await expect(broken()).rejects.toThrow("broken");
  expect((await previews.of("/ok", () => Promise.resolve(blob("ok")))).size).toBe(2);
  expect(tries).toBe(2);
});

test("only thirty previews are kept", async () => {
  const drawn: number[] = [];
  const previews = new Previews(async (file) => {
    drawn.push(Number(await file.text()));
    return file;
  });
  const of = (n: number) => previews.of(`/${n}`, () => Promise.resolve(blob(String(n))));
  for (let n = 0; n < 31; n++) await of(n);
  await of(30);
  await of(0);
  expect(drawn).toHaveLength(32);
  expect(drawn.at(-1)).toBe(0);
});
