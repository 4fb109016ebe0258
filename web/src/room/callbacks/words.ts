/** The texts of a callback. The call page and the panel load these texts together with a callback's screens. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export type Key = keyof typeof en;

export const { t, isKey } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
