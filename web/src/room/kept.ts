/** A person's choices in a session, stored for this tab. The choices stay after a reload, and after a switch to another
 *  session and back. */

export interface Kept {
  session: string;
  /** Whether the person wants to be heard: false while muted. */
  mic: boolean;
  camera: boolean;
}

type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

const KEY = "sangdam.entered";
const MOST = 20; // a tab remembers the choices of at most this many sessions; beyond that, the oldest is forgotten

function all(storage: Storage): Kept[] {
  try {
    const found: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? (found as Kept[]) : [];
  } catch {
    return [];
  }
}

export function kept(session: string, storage: Storage = sessionStorage): Kept | null {
  return all(storage).find((one) => one.session === session) ?? null;
}

export function keep(entry: Kept, storage: Storage = sessionStorage): void {
  const others = all(storage).filter((one) => one.session !== entry.session);
  storage.setItem(KEY, JSON.stringify([...others, entry].slice(-MOST)));
}
