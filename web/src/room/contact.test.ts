import { expect, test } from "vitest";
import { CONTACT_PATTERN } from "./contact";

const accepted = (text: string) => new RegExp(`^(?:${CONTACT_PATTERN})$`, "v").test(text);

test("telephone numbers, mail addresses and other words reach somebody", () => {
  for (const text of ["010-1234-5678", " +82 10 1234 5678 ", "mina@shop.example", " Mina@shop.co.kr ", "@mina", "민지@예시.한국"])
    expect(accepted(text), text).toBe(true);
  expect(accepted("mina@shop.example / 010-1234-5678")).toBe(true);
});

test("a mistyped mail address reaches nobody", () => {
  for (const text of ["mina@@shop.example", "mina@shop", "mina@shop,example", "mina@", "mina@shop.", "mina@.example", "a@b@c.kr"])
    expect(accepted(text), text).toBe(false);
});

test("fewer than three characters reach nobody", () => {
  for (const text of ["", "  ", "01", " 01 "]) expect(accepted(text), text).toBe(false);
});
