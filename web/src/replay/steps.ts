/** Fetches the changes of a board, which the server sends in parts. */

import { get } from "../staff/api";
import type { BoardStep } from "./history";

interface Part {
  steps: BoardStep[];
  epoch: number;
  next: number;
}

/** A browser tab keeps at most this many characters, in base64, of a board's history. */
const MOST = 64 * 1024 * 1024;

/** Returns all changes of a board, in order. `path` is the board's address on the server. Rejects if the history is longer than
 *  `MOST`. */
export async function boardSteps(path: string, ask: (path: string) => Promise<unknown> = get): Promise<BoardStep[]> {
  const steps: BoardStep[] = [];
  let size = 0;
  for (let from = ""; ;) {
    const part = (await ask(path + from)) as Part;
    for (const { update } of part.steps) size += update.length;
    if (size > MOST) throw new Error("the board's history is too long");
    steps.push(...part.steps);
    if (part.next === 0) return steps;
    from = `?epoch=${part.epoch}&after=${part.next}`;
  }
}
