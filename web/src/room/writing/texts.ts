import { texts } from "../../ui/i18n";
import { addTexts } from "../words";
import type en from "./en.json";

export type WritingKey = keyof typeof en;
export const { t, isKey, textOr } = texts<WritingKey>(import.meta.glob("./*.json", { import: "default" }));

addTexts((key, args) => textOr(key, "", args)); // adds the texts of a conversation's system lines
