/** The texts about files that people send are loaded with the code for files, and not with the page. */

import { texts } from "../../ui/i18n";
import type en from "./en.json";

export const { t, textOr } = texts<keyof typeof en>(import.meta.glob("./*.json", { import: "default" }));

/** Returns a size such as "1.2 MB" or "340 KB". A KB is 1,000 bytes, as on phones and in the site's limit. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} KB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
