/** The recording bar's texts are loaded together with the bar, not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t, isKey } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
