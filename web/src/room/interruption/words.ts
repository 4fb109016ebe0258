/** The texts about interruptions of a call. The texts are loaded with the code that shows them, and not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
