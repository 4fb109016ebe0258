import { expect, test } from "vitest";
import { merge } from "./merge";

const base = { accent: "#111111", file_mb: 25, languages: ["ko"], retention_days: 90 };

test("nothing that either person typed is lost", () => {
  const mine = { ...base, accent: "#222222", retention_days: 30 };
  const others = { ...base, languages: ["ko", "en"], retention_days: 60 };
  expect(merge(base, mine, others)).toEqual({
    value: { accent: "#222222", file_mb: 25, languages: ["ko", "en"], retention_days: 30 },
    theirs: ["languages"],
    both: ["retention_days"],
  });
});

test("the same change by both is no conflict", () => {
  const changed = { ...base, file_mb: 50 };
  expect(merge(base, changed, changed)).toEqual({ value: changed, theirs: [], both: [] });
});
