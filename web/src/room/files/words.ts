/** The texts of files, in their chunk. */

import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export const { t, textOr } = texts<keyof typeof en>(ko, en);

/** "1.2 MB", "340 KB"; in thousands, as phones and the site's limit count. */
export function sizeOf(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} KB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
