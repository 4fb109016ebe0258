import { describe, expect, it } from "vitest";
import { setLocale } from "../../ui";
import { freshId, outcomeChoices, possibleParents, tree, without, type Plan } from "./plan";

await setLocale("ko");
const one = (id: string, parent: string | null = null) => ({ id, names: { ko: `${id}!` }, parent, categories: [] });
const PLAN: Plan = {
  outcomes: [one("done"), one("returns"), one("damaged", "returns"), one("lens", "damaged")],
  required: [],
  tags: [],
  templates: [],
};

describe("a plan for the wrap-up", () => {
  it("offers outcomes with their headings, and no heading by itself", () => {
    expect(outcomeChoices(PLAN).map((each) => each.label)).toEqual(["done!", "returns! › damaged! › lens!"]);
  });

  it("reads as a tree", () => {
    expect(tree(PLAN).map(({ outcome, depth }) => `${depth} ${outcome.id}`)).toEqual([
      "0 done",
      "0 returns",
      "1 damaged",
      "2 lens",
    ]);
  });

  it("moves what was below a removed outcome up", () => {
    expect(tree(without(PLAN, "damaged")).map(({ outcome, depth }) => `${depth} ${outcome.id}`)).toEqual([
      "0 done",
      "0 returns",
      "1 lens",
    ]);
  });

  it("hangs no outcome below itself", () => {
    expect(possibleParents(PLAN, "returns").map((each) => each.id)).toEqual(["done"]);
  });

  it("makes ids of names, and never one twice", () => {
    expect(freshId([], "Sent a link")).toBe("sent_a_link");
    expect(freshId(["sent"], "Sent!")).toBe("sent_1");
    expect(freshId(["o_1"], "해결")).toBe("o_2");
  });
});
