import { expect, test } from "vitest";
import type { Inline } from "./inline";
import { parse } from "./tree";

/** Writes a tree in short: "*" strong, "/" em, "`" code, "→" link. */
const short = (pieces: Inline[]): string =>
  pieces
    .map((piece) => {
      if (typeof piece === "string") return piece;
      if (piece.kind === "code") return `{\` ${piece.text}}`;
      if (piece.kind === "link") return `{→ ${piece.text}}`;
      return `{${piece.kind === "strong" ? "*" : "/"} ${short(piece.of)}}`;
    })
    .join("");

const row = (text: string): string => {
  const [block] = parse(text);
  return block?.kind === "text" ? short(block.of) : JSON.stringify(block);
};

test.each([
  ["**굵게** 보세요", "{* 굵게} 보세요"],
  ["아주**중요**해요", "아주{* 중요}해요"],
  ["*italic* and _this_ too", "{/ italic} and {/ this} too"],
  ["***both***", "{* {/ both}}"],
  ["**bold with *italic* in it**", "{* bold with {/ italic} in it}"],
  ["run `a * b * c` now", "run {` a * b * c} now"],
  ["**see https://x.example/a_b_c**", "{* see {→ https://x.example/a_b_c}}"],
])("%s is formatted", (text, shown) => {
  expect(row(text)).toBe(shown);
});

test.each([
  "2 * 3 * 4 = 24",
  "3*4*5",
  "가로*세로*높이",
  "감사합니다 *^^* 네 *^^*",
  "snake_case_name",
  "ㅠ_ㅠ 그리고 ㅠ_ㅠ",
  "**not closed",
  "a ** b ** c",
  "a ` alone",
  "``",
  "<b>bold</b> &amp; <img src=x onerror=alert(1)>",
])("%s stays as it was typed", (text) => {
  expect(parse(text)).toEqual([{ kind: "text", of: [text] }]);
});

test("rows of one kind are one block, in order", () => {
  const text = "보세요:\n\n- 하나\n- **둘**\n\n3. third\n4. fourth\n> quoted\n> again\n```\n**raw** https://x.example\n```\n끝";
  expect(parse(text)).toEqual([
    { kind: "text", of: ["보세요:", "\n"] },
    { kind: "list", start: null, items: [["하나"], [{ kind: "strong", of: ["둘"] }]] },
    { kind: "list", start: 3, items: [["third"], ["fourth"]] },
    { kind: "quote", of: ["quoted", "\n", "again"] },
    { kind: "code", text: "**raw** https://x.example" },
    { kind: "text", of: ["끝"] },
  ]);
});

const flat = (pieces: Inline[]): string => pieces.map((piece) => (typeof piece === "string" ? piece : short([piece]))).join("");

// Each of these texts is thirty times as long as the longest allowed line. A parser that looks back at each formatting character
// would exceed the test's time limit.
test.each([
  ["asterisks", (size: number) => "*".repeat(size)],
  ["openers", (size: number) => " *a".repeat(size / 3)],
  ["bold openers", (size: number) => "**a ".repeat(size / 4)],
  ["underscores", (size: number) => "_a _".repeat(size / 4)],
  ["backticks", (size: number) => "`".repeat(size)],
  ["brackets", (size: number) => `https://x.example/${"(".repeat(size)}`],
  ["dots", (size: number) => "a.".repeat(size / 2)],
  ["at signs", (size: number) => "a@".repeat(size / 2)],
  ["hyphens", (size: number) => `https://${"a-".repeat(size / 2)}`],
  ["addresses", (size: number) => "x.kr ".repeat(size / 5)],
])("a line of nothing but %s is read once", (_, make) => {
  const [block] = parse(make(300_000));
  expect(block?.kind === "text" && flat(block.of).length).toBeGreaterThan(100_000);
});
