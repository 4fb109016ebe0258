import { texts } from "../../ui";
import type en from "./en.json";

export type SettingsKey = keyof typeof en;
export const { t, textOr } = texts<SettingsKey>(import.meta.glob("./*.json", { import: "default" }));
