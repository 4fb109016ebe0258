import { texts } from "../../ui/i18n";
import type en from "./en.json";

export type WritingKey = keyof typeof en;
export const { t, isKey } = texts<WritingKey>(import.meta.glob("./*.json", { import: "default" }));
