/** The texts about earlier conversations are loaded with the code that shows them, not with the panel. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export const { t } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));
