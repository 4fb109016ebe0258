import { expect, test } from "vitest";
import type { FormFieldView } from "../messages";
import { missingIn } from "./form";

const field = (id: string, required: boolean): FormFieldView => ({
  id,
  name: id,
  kind: "line",
  required,
  most: 120,
  choices: [],
});

test("only required fields without a visible answer are missing", () => {
  const form = [field("order", true), field("where", true), field("colour", false)];
  expect(missingIn(form, { order: "  ", where: "Seoul" }).map((one) => one.id)).toEqual(["order"]);
});
