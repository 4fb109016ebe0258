import { texts } from "../../ui";
import type en from "./en.json";

export type PreviewKey = keyof typeof en;
export const { t } = texts<PreviewKey>(import.meta.glob("./*.json", { import: "default" }));
