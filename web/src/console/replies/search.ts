/** Finding a saved reply while a message is typed. Pure. */
import type { SavedReply } from "../../staff/replies/api";

/** A search that was begun with "/" at the start of a word. */
export interface Slash {
  /** Where the "/" stands. */
  from: number;
  query: string;
}

const SLASH = /(?:^|\s)\/((?:[^\s/][^/\n]{0,39})?)$/;

/** Returns the search that ends at the caret, or null. */
export function slashAt(text: string, caret: number): Slash | null {
  const query = SLASH.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { from: caret - query.length - 1, query };
}

/** Decomposes Hangul, so that a syllable is found while it is still being composed: "반푸" begins "반품". */
const fold = (text: string) => text.normalize("NFKD").toLowerCase();

/** Returns the replies that contain every word: first by a title that begins so, then by the title, then by the text. */
export function found(replies: SavedReply[], query: string): SavedReply[] {
  const whole = fold(query.trim());
  const words = whole.split(/\s+/);
  const rank = (reply: SavedReply): number => {
    const title = fold(reply.title);
    if (title.startsWith(whole)) return 0;
    if (words.every((word) => title.includes(word))) return 1;
    const all = `${title}\n${fold(reply.text)}`;
    return words.every((word) => all.includes(word)) ? 2 : 3;
  };
  return replies
    .map((reply) => ({ reply, rank: rank(reply) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank)
    .map((one) => one.reply);
}

/** Whether to show the search. A "/" that begins a sentence of words that match nothing is just a slash. */
export function worthShowing(slash: Slash | null, results: SavedReply[]): slash is Slash {
  return slash !== null && (results.length > 0 || !slash.query.includes(" "));
}
