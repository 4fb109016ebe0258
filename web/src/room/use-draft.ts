import { useState } from "preact/hooks";
import type { Client } from "./client";

/** Returns the text that the visitor types into a field, a function that sets the text, and a function that forgets it after
 *  sending. The text survives a reload of this tab. `key`: the field's name, which no other field in this tab has. */
export function useDraft(client: Client, key: string, first = ""): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(client.drafts.get(key)?.text ?? first);
  const type = (now: string) => {
    setText(now);
    client.draft(key, now === first ? null : { text: now, focused: false });
  };
  return [text, type, () => client.draft(key, null)];
}
