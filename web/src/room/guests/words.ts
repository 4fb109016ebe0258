/** The texts about guests. The call page loads these texts together with the parts that show guests. */

import type { Line } from "../../messages";
import { texts, type Args } from "../../ui/i18n";
import { addTexts } from "../words";
import type en from "./en.json";

export type GuestKey = keyof typeof en;

export const { t, textOr } = texts<GuestKey>(import.meta.glob("./*.json", { import: "default" }));

/** Returns the text of a system line about guests; "" for any other key. */
function lineText(key: string, args: Args): string {
  const { label = "", by } = args;
  return textOr(key, "", { ...args, label: textOr(`label.${label}`, ""), by: by || t("somebody") });
}

addTexts(lineText);

/** Returns a system line about a guest, an interpreter or a phone camera in words; "" for any other system line. */
export const guestLine = (line: Line, name: string): string => lineText(`system.${line.text}`, { ...line.args, name });

/** Returns the role of a line's author in words: for a guest, the words of the guest's label, such as "interpreter"; for
 *  everybody else, `role`. */
export const authorRole = (line: Line, role: string): string =>
  line.role === "guest" ? textOr(`label.${line.args["label"]}`, role) : role;
