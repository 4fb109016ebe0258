/** Finds saved replies while a message is typed. Pure. */
import type { SavedReply } from "../../staff/replies/api";

/** A search that the person began by typing "/" at the start of a word. */
export interface Slash {
  /** The index of the "/" in the text. */
  from: number;
  query: string;
}

const SLASH = /(?:^|\s)\/((?:[^\s/][^/\n]{0,39})?)$/;

/** Returns the search whose words end at the caret; null if there is no search before the caret. */
export function slashAt(text: string, caret: number): Slash | null {
  const query = SLASH.exec(text.slice(0, caret))?.[1];
  return query === undefined ? null : { from: caret - query.length - 1, query };
}

/** Decomposes Hangul into letters, so that an unfinished syllable finds whole syllables: "반푸" finds "반품". */
const fold = (text: string) => text.normalize("NFKD").toLowerCase();

/** Returns the replies that contain every word. Replies whose title begins with the query come first, then those with the
 *  words in the title, then the others. */
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

/** Returns whether to show the menu. A "/" followed by words that match no reply is probably just a slash. */
export function worthShowing(slash: Slash | null, results: SavedReply[]): slash is Slash {
  return slash !== null && (results.length > 0 || !slash.query.includes(" "));
}
