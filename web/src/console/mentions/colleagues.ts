import type { Colleagues, StaffItem } from "../../messages";
import type { Client } from "../../room/client";
import { createStore } from "../../ui";
import { mentioned } from "./search";

const NOBODY: StaffItem[] = [];

/** Session → the colleagues who can be mentioned in it, as the server last said. */
export const colleagues = createStore<Record<string, StaffItem[]>>({});

/** Asks the server who can be mentioned in a session. If the request fails, the old list stays. */
export async function fetchColleagues(client: Client, session: string): Promise<void> {
  try {
    const { people } = (await client.connection.request({ type: "colleagues", session, purpose: "mention" })) as Colleagues;
    colleagues.update((known) => ({ ...known, [session]: people }));
  } catch {
    // as long as there is no list, the menu of colleagues stays closed
  }
}

export const known = (session: string): StaffItem[] => colleagues.get()[session] ?? NOBODY;

/** Returns the ids of the colleagues whom a line for staff mentions. */
export const mentionsIn = (session: string, text: string): string[] => mentioned(text, known(session));
