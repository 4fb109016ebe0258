/** Stores what the visitor has typed before a conversation, so that a reload or the next page of the shop does not lose it. */

import type { PanelState } from "./state";
import type { Box } from "./storage";

export type Typed = PanelState["typed"];

const TYPED = "sangdam.typed";
const NONE: Typed = { name: "", note: "", form: {} };

const isText = (value: unknown): value is string => typeof value === "string";

/** Returns what the visitor had typed into the panel before a session began, if it was typed on this site. Answers to a form are
 *  returned only for the category for which they were typed, because other forms have other questions. */
export function loadTyped(storage: Box, site: string, category: string): Typed {
  try {
    const kept = JSON.parse(storage.getItem(TYPED) ?? "{}") as Partial<Typed & { site: string; category: string }>;
    if (kept.site !== site || !isText(kept.name) || !isText(kept.note)) return NONE;
    const answers = kept.category === category ? Object.entries(kept.form ?? {}).filter(([, answer]) => isText(answer)) : [];
    return { name: kept.name, note: kept.note, form: Object.fromEntries(answers) };
  } catch {
    return NONE;
  }
}

export function keepTyped(typed: Typed, storage: Box, site: string, category: string): void {
  try {
    storage.setItem(TYPED, JSON.stringify({ ...typed, site, category }));
  } catch {
    // the browser forbids storage, or the storage is full: the texts last until the page is closed
  }
}
