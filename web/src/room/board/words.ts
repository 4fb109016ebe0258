/** The board's texts are loaded together with the board, not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export const { t } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));
