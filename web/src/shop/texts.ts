import { texts } from "../ui/i18n";
import type en from "./en.json";

export type Key = keyof typeof en;
export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
