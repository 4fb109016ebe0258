/** The texts of a callback are loaded together with its screens, not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export type Key = keyof typeof en;

export const { t, isKey } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
