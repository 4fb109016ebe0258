import { expect, test } from "vitest";
import { choicesOf, choicesText, newField, swapped } from "./form";

const CHOICES = [
  { ko: "배송", en: "Delivery" },
  { ko: "반품", en: "Return" },
];

test("the lines of a language name the choices in order", () => {
  expect(choicesText(CHOICES, "en")).toBe("Delivery\nReturn");
  const longer = choicesOf(CHOICES, "en", "Delivery\nReturn\nOther");
  expect(longer[2]).toEqual({ en: "Other" });
  expect(choicesText(longer, "ko")).toBe("배송\n반품");
});

test("a choice is gone once it has no name in any language", () => {
  const without = choicesOf(CHOICES, "en", "Delivery");
  expect(without).toEqual([CHOICES[0], { ko: "반품", en: "" }]);
  expect(choicesOf(without, "ko", "배송")).toEqual([CHOICES[0]]);
});

test("empty lines at the end are no choices", () => {
  expect(choicesOf(CHOICES, "ko", "배송\n반품\n\n")).toEqual(CHOICES);
  expect(choicesOf([], "ko", "")).toEqual([]);
});

test("a language without names begins with an empty text", () => {
  expect(choicesText(CHOICES, "es")).toBe("");
  expect(choicesOf(CHOICES, "es", "Envío\nDevolución")).toEqual([
    { ko: "배송", en: "Delivery", es: "Envío" },
    { ko: "반품", en: "Return", es: "Devolución" },
  ]);
});

test("a new field has an id of its own, and fields change places", () => {
  const form = [newField([]), { ...newField([]), id: "q2" }];
  expect(newField(form).id).toBe("q3");
  expect(swapped(form, 0, 1).map((one) => one.id)).toEqual(["q2", "q1"]);
  expect(swapped(form, 0, -1)).toEqual(form);
});
