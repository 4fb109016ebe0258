/** Remembers, in this tab, the last line of each session that I have seen. So a reload does not make lines unread again. */

type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

const KEY = "sangdam.seen";
const MOST = 50; // the last seen line is remembered for at most this many sessions; beyond that, the oldest is forgotten

export class Seen {
  private all: Map<string, number>;

  constructor(private readonly storage: Storage = sessionStorage) {
    this.all = this.kept();
  }

  upTo(session: string): number {
    return this.all.get(session) ?? 0;
  }

  mark(session: string, seq: number): void {
    if (seq <= this.upTo(session)) return;
    this.all.delete(session);
    this.all = new Map([...this.all, [session, seq] as const].slice(-MOST));
    try {
      this.storage.setItem(KEY, JSON.stringify([...this.all]));
    } catch {
      // the browser forbids storage, or its storage is full, so the lines count as unread again after a reload of the page
    }
  }

  private kept(): Map<string, number> {
    try {
      const found: unknown = JSON.parse(this.storage.getItem(KEY) ?? "[]");
      const pairs = Array.isArray(found) ? (found as unknown[]) : [];
      return new Map(
        pairs.filter(
          (one): one is [string, number] => Array.isArray(one) && typeof one[0] === "string" && typeof one[1] === "number",
        ),
      );
    } catch {
      return new Map();
    }
  }
}
