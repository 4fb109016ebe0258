/** The board's texts. The call page and the panel load these texts together with the board's code. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export const { t } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));
