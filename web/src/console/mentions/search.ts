/** Finds the colleagues whom a line for staff mentions by "@" and name. Pure. */
import type { StaffItem } from "../../messages";

/** What the person has typed after an "@" at the start of a word: the beginning of a colleague's name. */
export interface At {
  /** The index in the text of the "@" with which the mention begins. */
  from: number;
  query: string;
}

type Named = Pick<StaffItem, "id" | "name">;

export const MOST = 5; // a line can mention at most this many colleagues; the server has the same limit

const AT = /(?:^|[\s(])@((?:[^\s@][^@\n]{0,39})?)$/;

/** Returns what the person has typed of a name: the text between "@" and the caret. Null if there is no "@" before the
 *  caret. */
export function atCaret(text: string, caret: number): At | null {
  const query = AT.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { from: caret - query.length - 1, query };
}

/** Decomposes Hangul into letters, so that an unfinished syllable finds whole syllables: "지미" finds "지민". */
const fold = (text: string) => text.normalize("NFKD").toLowerCase();

/** Returns the colleagues whose id, or a word of whose name, begins with the query; best matches first. */
export function matching<T extends Named>(colleagues: readonly T[], query: string): T[] {
  const wanted = fold(query);
  const rank = ({ id, name }: T): number => {
    const whole = fold(name);
    if (whole.startsWith(wanted)) return 0;
    if (whole.split(/\s+/).some((part) => part.startsWith(wanted))) return 1;
    return fold(id).startsWith(wanted) ? 2 : 3;
  };
  return colleagues
    .map((one) => ({ one, place: rank(one) }))
    .filter(({ place }) => place < 3)
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

const WORD = /[A-Za-z0-9]/;

/**
 * Returns the ids of the colleagues whom the text names, at most `MOST`. If one of two names begins with the other name, the
 * longer name counts. A Korean particle can follow a name.
 */
export function mentioned(text: string, colleagues: readonly Named[]): string[] {
  const byLength = [...colleagues].sort((a, b) => b.name.length - a.name.length);
  const found = new Set<string>();
  for (const { index } of text.matchAll(/@/g)) {
    if (index > 0 && !/[\s(]/.test(text[index - 1] ?? "")) continue;
    const rest = text.slice(index + 1);
    const named = byLength.find(({ name }) => {
      const after = rest[name.length] ?? "";
      return rest.startsWith(name) && !(WORD.test(name.at(-1) ?? "") && WORD.test(after));
    });
    if (named) found.add(named.id);
  }
  return [...found].slice(0, MOST);
}
