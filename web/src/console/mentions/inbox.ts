import type { MentionOut } from "../../messages";
import type { Client } from "../../room/client";
import { createStore, type Store } from "../../ui";

export type Inbox = Store<MentionOut[]>;

/** Returns the store of the mentions of this person that this person has neither opened nor dismissed. The store has at most one
 *  mention for each session, the newest, and is sorted from new to old. Call this before the connection opens, so that the store
 *  misses no mention. */
export function mentionInbox(client: Client): Inbox {
  const inbox = createStore<MentionOut[]>([]);
  client.onMessage((message) => {
    if (message.type === "mentioned") inbox.update((known) => [message, ...without(known, message.session)]);
  });
  return inbox;
}

export const without = (known: MentionOut[], session: string): MentionOut[] => known.filter((one) => one.session !== session);
