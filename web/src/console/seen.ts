/** Remembers the last line that I have seen in each session. It is kept in this tab, so that a reload makes no line unread
 *  again. */

type Storage = Pick<globalThis.Storage, "getItem" | "setItem">;

const KEY = "sangdam.seen";
const MOST = 50; // sessions whose last seen line is remembered; the oldest is dropped

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
      // storage is forbidden or full: the numbers last as long as the page
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
