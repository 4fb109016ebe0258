/** Turns pushes about answers on and off for a visitor in this browser. */

import { locale } from "../../ui/i18n";
import { PushFailed, subscribe, type Subscribed, subscription } from "./subscribe";

const SCRIPT = "/call-worker.js";
const SCOPE = "/call";

async function ask(session: string, token: string, path: string, body: object): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`/api/sessions/${encodeURIComponent(session)}/push${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new PushFailed("failed");
  }
  if (!response.ok) throw new PushFailed("failed");
}

/** Asks for permission and subscribes to pushes. Call this inside a click, in a window of our own. Rejects with PushFailed. */
export async function tellMe(session: string, token: string): Promise<void> {
  await ask(session, token, "", { ...(await subscribe(SCRIPT, SCOPE)), language: locale() });
}

/** Ends the notifications about this conversation, in all browsers. Rejects with PushFailed. */
export const tellMeNoMore = (session: string, token: string): Promise<void> => ask(session, token, "/remove", {});

/** Returns this browser's push subscription, by which the server recognises the browser; null if there is none. */
export const ownSubscription = (): Promise<Subscribed | null> => subscription(SCOPE);
