import { describe, expect, it } from "vitest";
import { priceText, pricesText } from "./price";

describe("a price", () => {
  it.each([
    ["19,99", "EUR", "€19.99"],
    ["19.99", "EUR", "€19.99"],
    ["1.299,00", "EUR", "€1,299.00"],
    ["1,299.00", "EUR", "€1,299.00"],
    ["1 299,00", "EUR", "€1,299.00"],
    ["1\u00a0299,00", "EUR", "€1,299.00"],
    ["1'299.00", "CHF", "CHF\u00a01,299.00"],
    ["12,34,567.89", "INR", "₹1,234,567.89"],
    ["1.299.000,5", "EUR", "€1,299,000.50"],
    ["1,890,000", "KRW", "₩1,890,000"],
    ["1,890", "KRW", "₩1,890"],
    ["1.890", "JPY", "¥1,890"],
    ["1890000.00", "KRW", "₩1,890,000"],
    ["19", "eur", "€19.00"],
    ["0", "EUR", "€0.00"],
    ["0.500", "EUR", "€0.50"],
    ["1299.000", "EUR", "€1,299.00"],
    [1.299, "EUR", "€1.30"],
    [1299, "EUR", "€1,299.00"],
  ])("of %s %s is %s", (amount, currency, text) => {
    expect(priceText(amount, currency, "en")).toBe(text);
  });

  it.each([
    ["1.299", "EUR"],
    ["1,299", "USD"],
    ["from 10", "EUR"],
    ["1.2.3", "EUR"],
    ["1,2", ""],
    ["1e3", "EUR"],
    ["-5", "EUR"],
    ["19,99,9", "EUR"],
    ["1299", "€"],
  ])("that cannot be told, %s %s, stays as it stands", (amount, currency) => {
    expect(priceText(amount, currency, "en")).toBe([amount, currency].filter(Boolean).join(" "));
  });

  it.each(["ko", "ko-KR", "ko_KR"])("in won reads as Koreans write it (%s)", (language) => {
    expect(priceText("1890000", "KRW", language)).toBe("1,890,000원");
  });

  it.each(["en_US", "EN-us", "not a language", ""])("is written in a language called %j", (language) => {
    expect(priceText("19.99", "EUR", language)).toBe("€19.99");
  });

  it("of several is a range from the lowest to the highest", () => {
    expect(pricesText({ amounts: [30, "9,50", 20], currency: "EUR" }, "en")).toBe("€9.50 – €30.00");
    expect(pricesText({ amounts: [30, "30"], currency: "EUR" }, "en")).toBe("€30.00");
    expect(pricesText({ amounts: [], currency: "EUR" }, "en")).toBe("");
  });
});
