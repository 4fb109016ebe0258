import { afterEach, describe, expect, it } from "vitest";
import { chooseLocale, fill, languages, locale, ready, setLocale, texts } from "./i18n";

const OFFERED = ["en", "es", "ja", "ko", "zh-Hans"];

afterEach(() => setLocale("en"));

describe("the choice of the language", () => {
  it("takes the first requested language that is offered, in whatever region", () => {
    expect(chooseLocale(["ko-KR", "en"], OFFERED)).toBe("ko");
    expect(chooseLocale(["", "fr-FR", "es-MX", "ko"], OFFERED)).toBe("es");
    expect(["zh-CN", "zh_Hans_CN", "zh-TW", "ZH-HANS"].map((tag) => chooseLocale([tag], OFFERED))).toEqual(
      Array(4).fill("zh-Hans"),
    );
  });

  it("is English when nothing fits", () => {
    expect(chooseLocale(["fr", "xx"], OFFERED)).toBe("en");
    expect(chooseLocale([], OFFERED)).toBe("en");
  });

  it("has the five languages of the pages", () => {
    expect(languages().sort()).toEqual(OFFERED);
  });
});

describe("texts", () => {
  const both = (ko: Record<string, string>, en: Record<string, string>) =>
    texts<"hello">({ "./ko.json": () => Promise.resolve(ko), "./en.json": () => Promise.resolve(en) });

  it("follow the language as it changes and fill in arguments", async () => {
    const { t } = both({ hello: "{name}님, 안녕하세요" }, { hello: "Hello {name}" });
    await ready();
    expect(t("hello", { name: "Mina" })).toBe("Hello Mina");
    await setLocale("ko");
    expect(t("hello", { name: "미나" })).toBe("미나님, 안녕하세요");
  });

  it("show the language that was chosen last, whichever file comes first", async () => {
    let come: (table: object) => void = () => undefined;
    const slow = new Promise<object>((resolve) => (come = resolve));
    const { t } = texts<"hello">({ "./ko.json": () => slow, "./en.json": () => Promise.resolve({ hello: "Hello" }) });
    await ready();
    const korean = setLocale("ko");
    const english = setLocale("en");
    come({ hello: "안녕하세요" });
    await Promise.all([korean, english]);
    expect([locale(), t("hello")]).toEqual(["en", "Hello"]);
  });

  it("keep the former language when the new one does not load", async () => {
    let broken = true;
    const { t } = texts<"hello">({
      "./ko.json": () => (broken ? Promise.reject(new TypeError("network")) : Promise.resolve({ hello: "안녕하세요" })),
      "./en.json": () => Promise.resolve({ hello: "Hello" }),
    });
    await ready();
    await setLocale("ko");
    expect([locale(), t("hello")]).toEqual(["en", "Hello"]);
    broken = false;
    await setLocale("ko");
    expect(t("hello")).toBe("안녕하세요");
  });

  it("show nothing before they are loaded, and never a key", () => {
    expect(both({ hello: "안녕" }, { hello: "Hello" }).t("hello")).toBe("");
  });
});

describe("the arguments of a text", () => {
  it("stay visible as a place when there is no value", () => {
    expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}");
    expect(fill("{count, plural, one {# step} other {# steps}}", {})).toBe("{count, plural, one {# step} other {# steps}}");
  });

  it("choose the plural form of the language", async () => {
    const steps = (text: string) => [0, 1, 2, 21].map((count) => fill(text, { count }));
    expect(steps("{count, plural, one {# step} other {# steps}}")).toEqual(["0 steps", "1 step", "2 steps", "21 steps"]);
    await setLocale("ja");
    expect(steps("{count, plural, other {#件}}です")).toEqual(["0件です", "1件です", "2件です", "21件です"]);
    await setLocale("es");
    const many = fill("{count, plural, one {# paso} many {# de pasos} other {# pasos}}", { count: 1_000_000 });
    expect(many).toBe("1.000.000 de pasos");
  });

  it("choose the Korean particle by the last sound", async () => {
    await setLocale("ko");
    const site = (name: string) => fill("{name}(으)로 돌아가기", { name });
    expect(["서울", "부산", "가게", "M5", "Mall", "Light & Sound"].map(site)).toEqual([
      "서울로 돌아가기",
      "부산으로 돌아가기",
      "가게로 돌아가기",
      "M5로 돌아가기",
      "Mall로 돌아가기",
      "Light & Sound로 돌아가기",
    ]);
    expect(fill("{a}이(가) {b}을(를), {c}은(는) {d}와(과)", { a: "지민", b: "수호", c: "B1", d: "Anna" })).toBe(
      "지민이 수호를, B1은 Anna와",
    );
  });
});
