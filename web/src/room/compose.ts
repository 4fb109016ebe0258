/** Rules of the message box: which key sends, when to tell others about typing, how long a line is allowed to be. Pure. */

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  /** Whether Alt is held. Alt+Enter does not send: with Alt+Enter staff accept a call while they write. */
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** Whether the key press belongs to an input method (Korean, Japanese, Chinese) that is composing a character. In Safari, the
 *  Enter that ends a composition arrives after the end of the composition, but has key code 229. */
export const composes = (press: KeyPress): boolean => press.isComposing || press.keyCode === 229;

/** Whether a key press sends the text of the message box: Enter does, Shift+Enter begins a new line. */
export const sends = (press: KeyPress): boolean => press.key === "Enter" && !press.shiftKey && !press.altKey && !composes(press);

const TYPING_AGAIN_MS = 3000;

/** Decides when to tell other participants that this person is typing (at the first key, then every 3 s while this person types)
 *  or has stopped. */
export class TypingSignal {
  private toldAt: number | null = null;

  /** Takes the text of the message box after a key press. Returns true to tell other participants "typing", false to tell them
   *  "stopped", null to tell them nothing. */
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

/**
 * Returns whether a line begins a group: it has another author or another audience than the line before, or comes more than five
 * minutes later.
 */
export function beginsGroup(before: Said | undefined, line: Said): boolean {
  return before?.author !== line.author || before.audience !== line.audience || line.at - before.at > 300_000;
}

interface Said {
  author: string;
  audience: string;
  at: number;
}

const LINE_MOST = 10_000; // one line can have at most this many visible characters (grapheme clusters)

/** Returns whether a line has more characters than the server accepts. Counts like the server, for which an emoji of several
 *  parts is one character. */
export const isTooLong = (text: string): boolean =>
  text.length > LINE_MOST && Array.from(new Intl.Segmenter().segment(text)).length > LINE_MOST;
