/** The captions of each session that this page shows are kept in this page's memory only, so a reload loses them. */

import type { ServerMessage } from "../../messages";
import { createStore, type Store } from "../../ui/store";
import type { Client } from "../client";
import { hear, type Heard, NOTHING, prune } from "./heard";

const LOOK_MS = 1000;

type All = Record<string, Heard>;

const stores = new WeakMap<Client, Store<All>>();

/** Returns a store of the captions that a client gets: session → captions. The first call for a client begins to collect the
 *  client's captions. */
export function captionsOf(client: Client): Store<All> {
  const known = stores.get(client);
  if (known) return known;
  const store = createStore<All>({});
  stores.set(client, store);
  let timer: ReturnType<typeof setInterval> | undefined;
  const tidy = () => {
    const kept = Object.entries(store.get())
      .map(([session, heard]) => [session, prune(heard, Date.now())] as const)
      .filter(([, heard]) => Object.keys(heard).length > 0);
    const before = store.get();
    if (kept.length < Object.keys(before).length || kept.some(([session, heard]) => before[session] !== heard))
      store.set(Object.fromEntries(kept));
    if (kept.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  client.onMessage((message: ServerMessage) => {
    if (message.type === "caption") {
      store.update((all) => ({ ...all, [message.session]: hear(all[message.session] ?? NOTHING, message, Date.now()) }));
      timer ??= setInterval(tidy, LOOK_MS);
    } else if (message.type === "session" && !message.session.captions?.on && message.session.id in store.get()) {
      store.update((all) => Object.fromEntries(Object.entries(all).filter(([session]) => session !== message.session.id)));
    }
  });
  return store;
}
