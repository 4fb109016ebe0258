import { expect, test } from "vitest";
import { isPlainHost, links, type Link } from "./links";

const found = (text: string) => links(text).filter((piece): piece is Link => typeof piece !== "string");
const hrefs = (text: string) => found(text).map((link) => link.href);

test.each([
  ["see https://shop.example/item?id=3#top, please", "https://shop.example/item?id=3#top"],
  ["(http://shop.example/a)", "http://shop.example/a"],
  ["www.shop.kr", "https://www.shop.kr/"],
  ["naver.com에서 보세요", "https://naver.com/"],
  ["https://naver.com에서", "https://naver.com/"],
  ["https://shop.kr/item/3을 보세요", "https://shop.kr/item/3"],
  ["https://한국.kr", "https://xn--3e0b707e.kr/"],
  ["write to me@example.com.", "mailto:me@example.com"],
  ["mailto:me@example.com", "mailto:me@example.com"],
  ["call tel:+82-2-1234-5678 now", "tel:+82-2-1234-5678"],
])("%s has a link", (text, href) => {
  expect(hrefs(text)).toEqual([href]);
});

test.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(document.cookie)",
  "data:text/html;base64,PHNjcmlwdD4=",
  "vbscript:msgbox",
  "file:///etc/passwd",
  "ftp://files.example/a",
  "//evil.example/a",
  "blob:https:abc",
  "version 1.2.3",
  "3.5점",
  "네.알겠습니다",
])("%s has no link", (text) => {
  expect(found(text)).toEqual([]);
});

test("only four schemes ever come out", () => {
  const schemes = ["javascript:", "data:", "http:", "intent:", "sms:", "tel:", "mailto:", "x-evil:", "view-source:"];
  for (const scheme of schemes) {
    for (const rest of ["//a.example/b", "alert(1)", "a@b.example", "+82212345678", "https://a.example"]) {
      for (const href of hrefs(`${scheme}${rest} (${scheme}${rest})`)) expect(href).toMatch(/^(https?:\/\/|mailto:|tel:)/);
    }
  }
});

test("an address with a name and a password before the host is no link to that host", () => {
  for (const href of hrefs("https://bank.example@evil.example/login https://a:b@evil.example")) {
    expect(new URL(href).username).toBe("");
  }
});

test.each([
  ["https://аррӏе.com/login", "https://xn--80ak6aa92e.com/login"], // Cyrillic
  ["https://pаypal.com", "https://xn--pypal-4ve.com"],
  ["https://ɡoogle.com", "https://xn--oogle-qmc.com"],
  ["https://shopど.com", "https://xn--shop-jc4c.com"],
])("the host of %s is shown in punycode", (text, shown) => {
  expect(found(text).map((link) => link.text)).toEqual([shown]);
});

test("hosts of one script are shown as they are", () => {
  for (const host of ["shop.example", "한국.kr", "münchen.de", "россия.рф", "日本語.jp", "a-1.example"]) {
    expect(isPlainHost(host), host).toBe(true);
  }
});

test("no control of direction is left in what a link shows", () => {
  for (const link of found("https://shop.example/\u202egpj.exe\u202c https://a.example/\u2067b")) {
    expect(link.text).not.toMatch(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  }
});

test("the pieces put together are the text", () => {
  const text = "a https://x.example b me@example.com, tel:010-1234-5678! 끝";
  expect(
    links(text)
      .map((piece) => (typeof piece === "string" ? piece : piece.text))
      .join(""),
  ).toBe(text);
});
