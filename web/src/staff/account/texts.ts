import { texts } from "../../ui";
import type en from "./en.json";

export type AccountKey = keyof typeof en;
export const { t } = texts<AccountKey>(import.meta.glob("./*.json", { import: "default" }));
