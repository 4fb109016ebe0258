/** The texts of the blurred background. They are loaded with the choice of devices, or when the page has to say that the blur
 *  has failed. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
