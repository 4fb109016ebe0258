import { texts } from "../ui";
import type en from "./en.json";

export type TextKey = keyof typeof en;
export const { t, textOr } = texts<TextKey>(import.meta.glob("./*.json", { import: "default" }));
