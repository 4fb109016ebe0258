/** The texts about rings that reach a closed console are loaded with the code that shows them. */

import { texts } from "../../ui";
import type en from "./en.json";

export type Key = keyof typeof en;

export const { t, isKey } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));
