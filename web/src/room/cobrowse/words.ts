/** The texts of co-browsing are loaded when somebody asks to see a page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
