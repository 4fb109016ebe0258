import { expect, test } from "vitest";
import { inOrder, type Finding } from "./findings";

const one = (about: string, state: Finding["state"]): Finding => ({ about, state, says: about, do: "" });

test("faults come first, and findings of one state keep their order", () => {
  const found = [one("a", "ok"), one("b", "warning"), one("c", "fault"), one("d", "ok"), one("e", "fault")];
  expect(inOrder(found).map(({ about }) => about)).toEqual(["c", "e", "b", "a", "d"]);
});
