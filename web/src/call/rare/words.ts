/** The texts of the call page's rare screens are loaded together with these screens, and not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export type RareKey = keyof typeof en;

export const { t, isKey: isRareKey } = texts<RareKey>(import.meta.glob("./*.json", { import: "default" }));
