import type { Colleagues, StaffItem } from "../../messages";
import type { Client } from "../../room/client";
import { createStore } from "../../ui";
import { mentioned } from "./search";

const NOBODY: StaffItem[] = [];

/** By session: the colleagues who can be mentioned there, as the server last told. */
export const colleagues = createStore<Record<string, StaffItem[]>>({});

/** Asks again who can be mentioned. If the server does not answer, the former answer stays. */
export async function fetchColleagues(client: Client, session: string): Promise<void> {
  try {
    const { people } = (await client.connection.request({ type: "colleagues", session, purpose: "mention" })) as Colleagues;
    colleagues.update((known) => ({ ...known, [session]: people }));
  } catch {
    // the menu says that nobody is found
  }
}

export const known = (session: string): StaffItem[] => colleagues.get()[session] ?? NOBODY;

/** Returns whom a line for staff mentions. */
export const mentionsIn = (session: string, text: string): string[] => mentioned(text, known(session));
