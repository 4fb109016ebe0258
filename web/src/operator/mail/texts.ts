import { texts } from "../../ui";
import type en from "./en.json";

export const { t, textOr } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));
