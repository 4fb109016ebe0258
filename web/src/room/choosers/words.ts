/** The texts for choosing microphone, camera and speaker are loaded together with the choosers, not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
