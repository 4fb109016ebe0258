import { texts } from "../../ui";
import type en from "./en.json";

export const { t } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));
