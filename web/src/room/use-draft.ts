import { useState } from "preact/hooks";
import type { Client } from "./client";

/** Returns a text that the visitor types into a form, its setter, and a function that forgets it once it is sent. The text
 *  survives a reload of this tab. `key`: names the field within this tab. */
export function useDraft(client: Client, key: string, first = ""): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(client.drafts.get(key)?.text ?? first);
  const type = (now: string) => {
    setText(now);
    client.draft(key, now === first ? null : { text: now, focused: false });
  };
  return [text, type, () => client.draft(key, null)];
}
