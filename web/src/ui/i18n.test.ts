import { afterEach, describe, expect, it } from "vitest";
import { chooseLocale, fill, josa, setLocale, texts } from "./i18n";

afterEach(() => setLocale("en"));

describe("chooseLocale", () => {
  it("takes the first language that was asked for, and English for those we do not speak", () => {
    expect(chooseLocale("ko-KR", "en")).toBe("ko");
    expect(chooseLocale(null, "", "ko")).toBe("ko");
    expect(chooseLocale("ja", "ko")).toBe("en");
    expect(chooseLocale()).toBe("en");
  });
});

describe("texts", () => {
  it("follows the language as it changes and fills in arguments", () => {
    const { t } = texts({ hello: "{name}님, 안녕하세요" }, { hello: "Hello {name}" });
    expect(t("hello", { name: "Mina" })).toBe("Hello Mina");
    setLocale("ko");
    expect(t("hello", { name: "미나" })).toBe("미나님, 안녕하세요");
  });

  it("leaves a placeholder without an argument visible rather than empty", () => {
    expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}");
  });

  it("chooses the singular for one and the plural for none and many", () => {
    const steps = (count: number) => fill("{count} {count:step|steps}", { count });
    expect([0, 1, 2, 21].map(steps)).toEqual(["0 steps", "1 step", "2 steps", "21 steps"]);
  });

  it("leaves a choice of words without its number visible", () => {
    expect(fill("{count:step|steps}", {})).toBe("{count:step|steps}");
  });
});

describe("josa", () => {
  it("chooses the particle by the last sound", () => {
    expect(josa("지민", "이/가")).toBe("지민이");
    expect(josa("수호", "이/가")).toBe("수호가");
    expect(josa("서울", "으로/로")).toBe("서울로");
    expect(josa("부산", "으로/로")).toBe("부산으로");
    expect(josa("Anna", "은/는")).toBe("Anna는");
  });
});
