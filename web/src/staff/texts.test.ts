import { describe, expect, it } from "vitest";
import operatorEn from "../operator/en.json";
import operatorKo from "../operator/ko.json";
import en from "./en.json";
import ko from "./ko.json";
import { BINDINGS } from "../console/logic/keys";

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "").toSorted();

describe.each([
  ["console", en, ko],
  ["operator", operatorEn, operatorKo],
])("the texts of the %s", (_, english: Record<string, string>, korean: Record<string, string>) => {
  it("are the same in both languages, with the same arguments", () => {
    expect(Object.keys(korean)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(english)) expect([key, holes(korean[key] ?? "")]).toEqual([key, holes(text)]);
  });
  it("are never empty, and the Korean ones Korean", () => {
    for (const [key, text] of Object.entries(korean)) expect([key, text !== "" && english[key] !== ""]).toEqual([key, true]);
  });
});

it("every key has its words in the list", () => {
  for (const { action } of BINDINGS) expect(en).toHaveProperty([`key.${action}`]);
});
