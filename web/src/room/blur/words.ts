/** The texts of the blurred background are loaded together with the choice of devices, not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
