/** Decisions of the message box. Pure. */

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  /** Alt+Enter is another key: the console accepts a call with it while somebody writes. */
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** While a syllable is being composed keys belong to the input method (Korean, Japanese, Chinese); Safari reports its last Enter
 *  after the composition has ended, with key code 229. */
export const composes = (press: KeyPress): boolean => press.isComposing || press.keyCode === 229;

/** Enter sends, Shift+Enter is a new line. */
export const sends = (press: KeyPress): boolean => press.key === "Enter" && !press.shiftKey && !press.altKey && !composes(press);

const TYPING_AGAIN_MS = 3000;

/** Decides when to tell the others that this person is typing: at the first key, every 3 s, and at the end. */
export class TypingSignal {
  private toldAt: number | null = null;

  /** true or false: what to tell them now; null: nothing new to tell. */
  changed(text: string, now: number): boolean | null {
    if (text.trim() === "") return this.ended();
    if (this.toldAt !== null && now - this.toldAt < TYPING_AGAIN_MS) return null;
    this.toldAt = now;
    return true;
  }

  ended(): false | null {
    if (this.toldAt === null) return null;
    this.toldAt = null;
    return false;
  }
}

/** Returns whether a line begins a group: another author, another audience, or five minutes later. */
export function beginsGroup(before: Said | undefined, line: Said): boolean {
  return before?.author !== line.author || before.audience !== line.audience || line.at - before.at > 300_000;
}

interface Said {
  author: string;
  audience: string;
  at: number;
}

const LINE_MOST = 10_000; // visible characters

/** Returns whether a line has more characters than the server takes. It counts as the server does: an emoji of several parts is one. */
export const isTooLong = (text: string): boolean =>
  text.length > LINE_MOST && Array.from(new Intl.Segmenter().segment(text)).length > LINE_MOST;
