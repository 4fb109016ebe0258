import { texts } from "../../ui";
import type en from "./en.json";

export type StartKey = keyof typeof en;
export const { t, textOr } = texts<StartKey>(import.meta.glob("./*.json", { import: "default" }));
